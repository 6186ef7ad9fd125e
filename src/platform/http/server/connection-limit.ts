import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Logger } from 'pino';
import type { Connections } from './connections.js';
import { turnsEvery } from './turns.js';

/**
 * Between two searches for idle connections, and between two log lines. A search takes longer than
 * refusing a connection.
 */
const PAUSE_MS = 1_000;

interface Bounds {
  readonly maxConnections: number;
  readonly maxConnectionsOfSource: number;
  readonly sourceOf: (address: string) => string | undefined;
}

/**
 * Closes new connections beyond `maxConnections`, and those beyond the bound of their source. The
 * former close idle connections, so that later clients find room. The latter do not: a source
 * beyond its bound could close the connections of other clients that way. Node's `maxConnections`
 * would not do, because full workers would hand a connection to each other for ever.
 */
export function limitConnections(server: Server, connections: Connections, bounds: Bounds, logger: Logger): void {
  const { maxConnections, maxConnectionsOfSource, sourceOf } = bounds;
  const counts = new Map<string, number>();
  const takeTurnToClose = turnsEvery(PAUSE_MS);
  const takeTurnToLog = turnsEvery(PAUSE_MS);

  server.on('connection', (socket: Socket) => {
    if (connections.size > maxConnections) {
      socket.destroy();
      if (!takeTurnToClose()) return;
      logger.warn({ event: 'too_many_connections', max: maxConnections }, 'connections are refused');
      server.closeIdleConnections();
      return;
    }
    const source = sourceOf(socket.remoteAddress ?? '');
    if (source === undefined) return;
    const count = counts.get(source) ?? 0;
    if (count >= maxConnectionsOfSource) {
      socket.destroy();
      if (takeTurnToLog())
        logger.warn(
          { event: 'too_many_connections_of_source', max: maxConnectionsOfSource, source },
          'connections of one source are refused',
        );
      return;
    }
    counts.set(source, count + 1);
    socket.once('close', () => {
      const left = (counts.get(source) ?? 1) - 1;
      if (left > 0) counts.set(source, left);
      else counts.delete(source);
    });
  });
}
