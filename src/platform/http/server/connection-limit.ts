import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Logger } from 'pino';
import type { Connections } from './connections.js';
import { turnsEvery } from './turns.js';

/**
 * The least time between two searches for idle connections, and between two log lines. A search
 * takes longer than refusing a connection.
 */
const PAUSE_MS = 1_000;

export interface ConnectionBounds {
  /** The most open connections. */
  readonly maxConnections: number;
  /** The most open connections of one source, see {@link ConnectionBounds.sourceOf}. */
  readonly maxConnectionsOfSource: number;
  /**
   * Returns the source of a peer's address. Returns undefined for a trusted proxy, which has no
   * bound of its own.
   */
  readonly sourceOf: (address: string) => string | undefined;
}

/**
 * Closes new connections beyond the bounds. Beyond `maxConnections` it also closes idle
 * connections, so that later clients find room. Beyond the bound of a source it does not, since a
 * source could then close the connections of other clients. Node's `maxConnections` is no
 * alternative: full workers would pass a connection to each other without end.
 */
export function limitConnections(
  server: Server,
  connections: Connections,
  bounds: ConnectionBounds,
  logger: Logger,
): void {
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
