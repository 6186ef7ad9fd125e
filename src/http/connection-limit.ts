import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Logger } from 'pino';
import type { Connections } from './connections.js';

/** Between two times that idle connections are looked for, which takes longer than refusing one. */
const PAUSE_MS = 1_000;

/**
 * Closes connections beyond `max` at once; those that are kept alive without a request give way to new ones.
 * Not by Node's `maxConnections`: workers that are full would hand a connection to each other for ever.
 */
export function limitConnections(server: Server, connections: Connections, max: number, logger: Logger): void {
  let lookedAt = Number.NEGATIVE_INFINITY;

  server.on('connection', (socket: Socket) => {
    if (connections.size <= max) return;
    socket.destroy();
    const now = performance.now();
    if (now - lookedAt < PAUSE_MS) return;
    lookedAt = now;
    logger.warn({ event: 'too_many_connections', max }, 'connections are refused');
    server.closeIdleConnections();
  });
}
