import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

/** For requests under way to be answered, once the service stops. */
const DEADLINE_MS = 8_000;

/**
 * Makes `close()` quick and complete: requests that were taken are answered on connections that close after them,
 * and connections without a request are cut. Node by itself waits for kept-alive connections, and for those that never sent anything.
 */
export function drainOnClose(fastify: FastifyInstance): void {
  const requestsUnderWay = new Map<Socket, number>();
  let isClosing = false;

  const count = (socket: Socket, change: 1 | -1) => {
    if (!requestsUnderWay.has(socket)) return;
    requestsUnderWay.set(socket, (requestsUnderWay.get(socket) ?? 0) + change);
  };

  fastify.server.on('connection', (socket: Socket) => {
    if (isClosing) return socket.destroy();
    requestsUnderWay.set(socket, 0);
    return socket.once('close', () => requestsUnderWay.delete(socket));
  });
  fastify.server.on('request', ({ socket }, response) => {
    count(socket, 1);
    response.once('close', () => {
      count(socket, -1);
    });
  });
  fastify.addHook('onSend', (_request, reply, _payload, done) => {
    if (isClosing) reply.header('Connection', 'close');
    done();
  });
  fastify.addHook('preClose', async () => {
    isClosing = true;
    for (const [socket, requests] of requestsUnderWay) if (requests === 0) socket.destroy();
    // Node looks for requests that take too long no more once it closes; a client that stalls must not keep us.
    setTimeout(() => {
      for (const socket of requestsUnderWay.keys()) socket.destroy();
    }, DEADLINE_MS).unref();
  });
}
