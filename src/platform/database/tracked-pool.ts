import type { Socket } from 'node:net';
import mysql, { type Connection, type Pool, type PoolConnection, type PoolOptions } from 'mysql2';
import { type Callback, within } from './bounded-wait.js';

/**
 * How many requests may wait, for each connection that the pool may open. Further requests are
 * refused at once.
 */
const WAITING_EACH = 100;
/** How long connections may take to close in good order. */
const CLOSE_MS = 500;

/** A pool of mysql2 that keeps a list of its connections, so that it can drop them. */
export class TrackedPool {
  private readonly pool: Pool;
  private readonly all = new Set<PoolConnection>();
  private readonly idle = new Set<PoolConnection>();

  /** @param prepare receives each new connection before its first statement */
  constructor(options: PoolOptions, prepare: (connection: PoolConnection) => void) {
    const { connectionLimit = 10 } = options;
    this.pool = mysql.createPool({ ...options, queueLimit: WAITING_EACH * connectionLimit });
    this.pool.on('connection', (connection) => {
      this.add(connection);
      prepare(connection);
    });
    this.pool.on('acquire', (connection) => this.idle.delete(connection));
    this.pool.on('release', (connection) => this.idle.add(connection));
  }

  get(done: Callback<PoolConnection>): void {
    this.pool.getConnection(done);
  }

  /** Drops the connections that are not in use. */
  dropIdle(): void {
    dropAll(this.idle);
  }

  /** Closes the pool. Connections in use close when they are released. */
  retire(): void {
    this.pool.end(() => undefined);
  }

  /** Closes all connections. Drops them if the server does not answer. */
  async close(): Promise<void> {
    const closed = new Promise((resolve) => {
      this.pool.end(resolve);
    });
    await within(CLOSE_MS, closed).catch(() => {
      dropAll(this.all);
    });
  }

  private add(connection: PoolConnection): void {
    const forget = () => {
      this.all.delete(connection);
      this.idle.delete(connection);
    };
    this.all.add(connection);
    // Without a listener, an error between two statements would end the process.
    connection.on('error', forget);
    connection.on('end', forget);
  }
}

/** Closes a connection without waiting for the server to close it too. */
export function drop(connection: Connection): void {
  connection.destroy();
  (connection as unknown as { stream: Socket }).stream.destroy();
}

function dropAll(connections: ReadonlySet<Connection>): void {
  for (const connection of [...connections]) drop(connection);
}
