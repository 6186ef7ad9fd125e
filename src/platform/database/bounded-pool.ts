import mysql, { type PoolConnection, type PoolOptions } from 'mysql2';
import { boundedWait, type Callback, StoreTimeoutError, within } from './bounded-wait.js';
import { limitQueries } from './limited-query.js';
import { ServerWatch } from './server-watch.js';
import { isOfServer, isRefusedByThisServer } from './store-errors.js';
import { drop, TrackedPool } from './tracked-pool.js';

/**
 * The connections to a MySQL-protocol server, for TypeORM and for prepared statements. No wait is
 * longer than `timeoutMs`, neither for a connection nor for a statement. Once a {@link ServerWatch}
 * finds the server silent, all requests are refused at once until it answers again.
 */
export class BoundedPool {
  private connections: TrackedPool;
  private readonly siblings: BoundedPool[] = [];
  /** What the wait for a connection has left of `timeoutMs` for the first query. */
  private readonly left = new WeakMap<PoolConnection, number>();
  private readonly watch = new ServerWatch({
    dropIdle: () => {
      this.connections.dropIdle();
    },
    replaceAll: () => {
      this.connections.retire();
      this.connections = this.open();
    },
    ask: () => this.isAnswered(),
  });

  /**
   * @param timeoutMs how long a wait for the server may be
   * @param prepare receives each new connection before its first statement
   */
  constructor(
    private readonly options: PoolOptions,
    private readonly timeoutMs: number,
    private readonly prepare: (connection: PoolConnection) => void,
  ) {
    this.connections = this.open();
  }

  /**
   * Lends a connection to TypeORM, which calls only its `query`. The first query has the time that
   * the wait for the connection has left, as in {@link execute}.
   */
  getConnection(done: Callback<PoolConnection>): void {
    const startedAt = performance.now();
    const finish = this.bound<PoolConnection>(
      () => undefined,
      (error, connection) => {
        if (connection) this.left.set(connection, this.timeoutMs - (performance.now() - startedAt));
        done(error, connection);
      },
    );
    this.lend((error, connection) => {
      const isInTime = finish(error, connection);
      if (!isInTime) connection?.release();
    });
  }

  /**
   * Runs a statement that its connection prepares once.
   * @throws StoreTimeoutError when there is no connection or no answer in time
   */
  execute(sql: string, values: readonly unknown[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      let used: PoolConnection | undefined;
      // The connection is dropped too, or a late answer would be taken for the answer to the next
      // statement.
      const giveUp = () => {
        if (used) drop(used);
      };
      const finish = this.bound<unknown>(giveUp, (error, result) => {
        if (error) reject(error);
        else resolve(result);
      });
      this.lend((error, connection) => {
        if (error || !connection) {
          finish(error);
          return;
        }
        used = connection;
        connection.execute(sql, values as never[], (failure, result) => {
          this.noteAnswer(failure, connection);
          connection.release();
          finish(failure, result);
        });
      });
    });
  }

  /** Opens another pool to the same server. It closes together with this pool. */
  sibling(connectionLimit: number): BoundedPool {
    const sibling = new BoundedPool({ ...this.options, connectionLimit }, this.timeoutMs, this.prepare);
    this.siblings.push(sibling);
    return sibling;
  }

  /** Runs a statement over this pool and its siblings, since each watches the server by itself. */
  async executeOnAll(sql: string): Promise<void> {
    await Promise.all([this, ...this.siblings].map((pool) => pool.execute(sql, [])));
  }

  /** Closes all connections, for TypeORM. */
  end(done: (error?: Error) => void): void {
    void Promise.all([this, ...this.siblings].map((pool) => pool.close())).then(() => {
      done();
    });
  }

  private close(): Promise<void> {
    this.watch.stop();
    return this.connections.close();
  }

  private open(): TrackedPool {
    return new TrackedPool(this.options, (connection) => {
      this.prepare(connection);
      limitQueries(connection, (done) => {
        const giveUp = () => {
          drop(connection);
        };
        const finish = this.bound(giveUp, done, this.left.get(connection));
        this.left.delete(connection);
        return (error, rows, fields) => {
          this.noteAnswer(error, connection);
          finish(error, rows, fields);
        };
      });
    });
  }

  /** Lends a connection. While the server is in doubt, waits for the verdict first. */
  private lend(done: Callback<PoolConnection>): void {
    const { verdict } = this.watch;
    if (!verdict) {
      this.connections.get(done);
      return;
    }
    void verdict.then((isThere) => {
      if (isThere) this.connections.get(done);
      else done(new StoreTimeoutError());
    });
  }

  /** Bounds a wait for the server by {@link boundedWait}, and notes silence for the watch. */
  private bound<Result>(
    giveUp: () => void,
    done: Callback<Result>,
    ms = this.timeoutMs,
  ): ReturnType<typeof boundedWait<Result>> {
    const startedAt = performance.now();
    return boundedWait(ms, giveUp, (error, ...answer) => {
      if (isTimeout(error)) this.watch.noteSilence(startedAt);
      done(error, ...answer);
    });
  }

  private noteAnswer(error: Error | null, connection: PoolConnection): void {
    if (!error || isOfServer(error)) this.watch.noteAnswer();
    if (isRefusedByThisServer(error)) drop(connection);
  }

  private async isAnswered(): Promise<boolean> {
    const connection = mysql.createConnection(this.options);
    connection.on('error', () => undefined);
    const answer = new Promise<void>((resolve, reject) => {
      connection.ping((error) => {
        if (error) reject(error);
        else resolve();
      });
    });
    try {
      await within(this.timeoutMs, answer);
      return true;
    } catch (error) {
      return !isTimeout(error);
    } finally {
      drop(connection);
    }
  }
}

/** Tells whether a wait timed out: a wait of this file, or mysql2's own for a new connection. */
function isTimeout(error: unknown): boolean {
  return (error as NodeJS.ErrnoException | null)?.code === 'ETIMEDOUT';
}
