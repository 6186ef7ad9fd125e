import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { Connections } from './connections.js';

/** How long requests in progress may take after the service begins to stop. */
const DEADLINE_MS = 8_000;

/**
 * Makes `close()` quick and complete. Requests in progress are answered, and then their connections
 * close. Connections without a request close at once. Node by itself waits for idle connections.
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
    // Node checks its timeouts no more once it closes, and a stalled client must not delay the
    // stop.
    setTimeout(() => {
      for (const [socket] of connections) socket.destroy();
    }, DEADLINE_MS).unref();
  });
}
