import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import mysql, { type Pool, type PoolConnection, type PoolOptions, type QueryOptions } from 'mysql2';
import { isOfServer, isRefusedByThisServer } from './store-errors.js';
import { apartFromRequest, inStoreTime, StoreTimeoutError } from './store-time.js';

/** May take longer than other statements: migrations of large tables. */
const DEFINITION = /^\s*(CREATE|ALTER|DROP)\b/i;
/** Requests that wait for a connection, for each connection that there may be; more are refused at once. */
const WAITING_EACH = 100;
/** Silence after which the server is asked whether it is there at all, in milliseconds. */
const SILENCE_MS = 500;
/** For it to answer that, and between two times that it is asked. */
const PROBE_MS = 1_000;
const PROBE_PAUSE_MS = 500;
/** For connections to be closed in good order, when the service stops. */
const CLOSE_MS = 500;

type Done<Result = unknown> = (error: Error | null, result?: Result, fields?: unknown) => void;
type Answer = readonly [result: unknown, fields: unknown];

/**
 * The connections to a MySQL-protocol server, for TypeORM and for prepared statements. No wait is longer than the request at
 * hand may wait (see `store-time.ts`), be it for a connection or for a statement.
 *
 * A server can be silent while its connections stay open: it is stopped but not dead, or a firewall has forgotten them. So when a
 * statement gets no answer, and no other one got any meanwhile, all connections are given up at once and the server is asked over a
 * new one. Whoever comes then waits for that, a second at most; while the server says nothing everybody is refused
 * at once, and it is asked again and again. Any answer will do, be it a refusal.
 */
export class BoundedPool {
  private pool: Pool;
  private connections = new Set<PoolConnection>();
  private idle = new Set<PoolConnection>();
  /** When the server last said anything. */
  private heardAt = 0;
  private isThere: Promise<boolean> = Promise.resolve(true);
  private isAsking = false;
  private isClosed = false;

  /**
   * @param timeoutMs of a wait outside of requests
   * @param prepare is given each new connection before its first statement
   */
  constructor(
    private readonly options: PoolOptions,
    private readonly timeoutMs: number,
    private readonly prepare: (connection: PoolConnection) => void,
  ) {
    this.pool = this.open();
  }

  /** For TypeORM, of whose connections `query` is bounded and nothing else. */
  getConnection(done: Done<PoolConnection>): void {
    this.take().then((connection) => {
      done(null, connection);
    }, done);
  }

  /**
   * Runs a statement that its connection prepares once.
   * @throws StoreTimeoutError when there is no answer in time
   */
  async execute(sql: string, values: readonly unknown[]): Promise<unknown> {
    const connection = await this.take();
    try {
      const [result] = await this.inTime(connection, (done) => {
        connection.execute(sql, values as never[], done);
      });
      return result;
    } finally {
      connection.release();
    }
  }

  /** For TypeORM: closes the connections, those of a silent server without its consent. */
  end(done: (error?: Error) => void): void {
    this.isClosed = true;
    const closed = () =>
      new Promise((resolve) => {
        this.pool.end(resolve);
      });
    void apartFromRequest(() => inStoreTime(closed, { otherwise: CLOSE_MS }))
      .catch(() => {
        dropAll(this.connections);
      })
      .then(() => {
        done();
      });
  }

  private open(): Pool {
    const { connectionLimit = 10 } = this.options;
    const pool = mysql.createPool({ ...this.options, queueLimit: WAITING_EACH * connectionLimit });
    const connections = new Set<PoolConnection>();
    const idle = new Set<PoolConnection>();
    pool.on('connection', (connection) => {
      const forget = () => {
        connections.delete(connection);
        idle.delete(connection);
      };
      connections.add(connection);
      // Without a listener, an error between two statements would end the process.
      connection.on('error', forget);
      connection.on('end', forget);
      this.prepare(connection);
      this.limit(connection);
    });
    pool.on('acquire', (connection) => idle.delete(connection));
    pool.on('release', (connection) => idle.add(connection));
    Object.assign(this, { connections, idle });
    return pool;
  }

  private async take(): Promise<PoolConnection> {
    const startedAt = performance.now();
    const late = (connection: PoolConnection) => {
      connection.release();
    };
    try {
      return await inStoreTime(() => this.given(), { otherwise: this.timeoutMs, late });
    } catch (error) {
      if (isTimeout(error)) this.unanswered(startedAt);
      throw error;
    }
  }

  private async given(): Promise<PoolConnection> {
    if (!(await this.isThere)) throw new StoreTimeoutError();
    return new Promise((resolve, reject) => {
      this.pool.getConnection((error, connection) => {
        // Its type says that there always is one.
        if (error) reject(error);
        else resolve(connection);
      });
    });
  }

  /** Bounds `query`, which is what TypeORM calls. */
  private limit(connection: PoolConnection): void {
    const query = connection.query.bind(connection) as (
      text: string | QueryOptions,
      values: unknown,
      done: Done,
    ) => void;
    const limited = (text: string | QueryOptions, ...rest: unknown[]) => {
      const done = rest.pop() as Done;
      const run = (answered: Done) => {
        query(text, rest[0], answered);
      };
      const isDefinition = DEFINITION.test(typeof text === 'string' ? text : text.sql);
      const answer = isDefinition ? called(run) : this.inTime(connection, run);
      answer.then(([rows, fields]) => {
        done(null, rows, fields);
      }, done);
    };
    connection.query = limited as unknown as PoolConnection['query'];
  }

  /** Runs a statement, and gives its connection up where that is of no more use. */
  private async inTime(connection: PoolConnection, run: (done: Done) => void): Promise<Answer> {
    const startedAt = performance.now();
    try {
      const answer = await inStoreTime(() => called(run), { otherwise: this.timeoutMs });
      this.heardAt = performance.now();
      return answer;
    } catch (error) {
      if (isOfServer(error)) this.heardAt = performance.now();
      // Its answer may still come, and would be taken for that to the next statement.
      if (error instanceof StoreTimeoutError || isRefusedByThisServer(error)) drop(connection);
      if (error instanceof StoreTimeoutError) this.unanswered(startedAt);
      throw error;
    }
  }

  /** Whatever has kept one statement waiting, connections that are not in use may suffer from it too. */
  private unanswered(startedAt: number): void {
    if (this.isAsking) return;
    dropAll(this.idle);
    const isSilent = this.heardAt < startedAt && performance.now() - startedAt >= SILENCE_MS;
    if (isSilent) void apartFromRequest(() => this.ask());
  }

  private async ask(): Promise<void> {
    this.isAsking = true;
    const first = this.probe();
    this.isThere = first;
    let isThere = await first;
    while (!isThere && !this.isClosed) {
      this.isThere = Promise.resolve(false);
      await sleep(PROBE_PAUSE_MS, undefined, { ref: false });
      isThere = await this.probe();
    }
    this.isThere = Promise.resolve(true);
    this.isAsking = false;
  }

  /** Whether the server says anything, over connections that have not been silent yet. */
  private async probe(): Promise<boolean> {
    if (this.isClosed) return true;
    this.renew();
    const { pool } = this;
    const ping = () =>
      new Promise<void>((resolve, reject) => {
        pool.getConnection((error, connection) => {
          if (error) {
            reject(error);
            return;
          }
          connection.ping((failure) => {
            connection.release();
            if (failure) reject(failure);
            else resolve();
          });
        });
      });
    try {
      await inStoreTime(ping, { otherwise: PROBE_MS });
      return true;
    } catch (error) {
      return !isTimeout(error);
    }
  }

  /** Begins anew. Statements under way may still be answered; whoever waits for a connection is refused. */
  private renew(): void {
    dropAll(this.idle);
    this.pool.end(() => undefined);
    this.pool = this.open();
  }
}

function called(run: (done: Done) => void): Promise<Answer> {
  return new Promise((resolve, reject) => {
    run((error, result, fields) => {
      if (error) reject(error);
      else resolve([result, fields]);
    });
  });
}

/** Ours, or that of connecting. */
function isTimeout(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ETIMEDOUT';
}

/** Closes a connection without waiting for the other side to close it too. */
function drop(connection: PoolConnection): void {
  connection.destroy();
  (connection as unknown as { stream: Socket }).stream.destroy();
}

function dropAll(connections: ReadonlySet<PoolConnection>): void {
  for (const connection of [...connections]) drop(connection);
}
