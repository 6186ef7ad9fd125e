import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { Connections } from './connections.js';

/** For requests under way to be answered, once the service stops. */
const DEADLINE_MS = 8_000;

/**
 * Makes `close()` quick and complete: requests that were taken are answered on connections that close after them,
 * and connections without a request are cut. Node by itself waits for kept-alive connections, and for those that never sent anything.
 */
export function drainOnClose(fastify: FastifyInstance, connections: Connections): void {
  let isClosing = false;

  fastify.server.on('connection', (socket: Socket) => {
    if (isClosing) socket.destroy();
  });
  fastify.addHook('onSend', (_request, reply, _payload, done) => {
    if (isClosing) reply.header('Connection', 'close');
    done();
  });
  fastify.addHook('preClose', async () => {
    isClosing = true;
    for (const [socket, owed] of connections) if (owed.size === 0) socket.destroy();
    // Node looks for requests that take too long no more once it closes; a client that stalls must not keep us.
    setTimeout(() => {
      for (const [socket] of connections) socket.destroy();
    }, DEADLINE_MS).unref();
  });
}
