import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import mysql, { type Connection, type Pool, type PoolConnection, type PoolOptions, type QueryOptions } from 'mysql2';
import { isOfServer, isRefusedByThisServer } from './store-errors.js';
import { StoreTimeoutError, within } from './within.js';

/** May take longer than other statements: migrations of large tables. */
const DEFINITION = /^\s*(CREATE|ALTER|DROP)\b/i;
/** Requests that wait for a connection, for each connection that there may be; more are refused at once. */
const WAITING_EACH = 100;
/** Silence after which the server is asked whether it is there at all, in milliseconds. */
const SILENCE_MS = 500;
/** From one time that it is asked to the next, and for it to answer before everybody is refused. */
const ASK_EVERY_MS = 1_000;
const VERDICT_MS = 1_000;
/** For connections to be closed in good order, when the service stops. */
const CLOSE_MS = 500;

type Done<Result = unknown> = (error: Error | null, result?: Result, fields?: unknown) => void;

/**
 * The connections to a MySQL-protocol server, for TypeORM and for prepared statements. No wait is longer than `timeoutMs`, be it for
 * a connection or for a statement.
 *
 * A server can be silent while its connections stay open: it is stopped but not dead, or a firewall has forgotten them. So when a
 * statement gets no answer, and no other one got any meanwhile, all connections are given up at once and the server is asked over
 * new ones, one a second. Whoever comes then waits for that, a second at most; while the server says nothing everybody is
 * refused at once. Any answer will do, be it a refusal.
 */
export class BoundedPool {
  private pool: Pool;
  private connections = new Set<PoolConnection>();
  private idle = new Set<PoolConnection>();
  /** When the server last said anything. */
  private heardAt = 0;
  /** While the server is asked whether it is there: what has come of it. */
  private verdict: Promise<boolean> | undefined;
  private isClosed = false;
  private readonly siblings: BoundedPool[] = [];

  /**
   * @param timeoutMs of a wait for the server
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
    const finish = this.bounded<PoolConnection>(
      () => undefined,
      (error, connection) => {
        done(error, connection);
      },
    );
    this.given((error, connection) => {
      if (!finish(error, connection)) connection?.release();
    });
  }

  /**
   * Runs a statement that its connection prepares once.
   * @throws StoreTimeoutError when there is no answer in time, be it for want of a connection
   */
  execute(sql: string, values: readonly unknown[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      let connection: PoolConnection | undefined;
      const finish = this.bounded(
        () => {
          if (connection) drop(connection);
        },
        (error, result) => {
          if (error) reject(error);
          else resolve(result);
        },
      );
      this.given((error, given) => {
        if (error || !given) {
          finish(error);
          return;
        }
        connection = given;
        given.execute(sql, values as never[], (failure, result) => {
          this.heard(failure, given);
          given.release();
          finish(failure, result);
        });
      });
    });
  }

  /** Opens a pool of its own to the same server, which ends with this one. */
  sibling(connectionLimit: number): BoundedPool {
    const sibling = new BoundedPool({ ...this.options, connectionLimit }, this.timeoutMs, this.prepare);
    this.siblings.push(sibling);
    return sibling;
  }

  /** Runs a statement over each of the pools: each finds out by itself that the server is silent, and that it answers again. */
  async executeOnAll(sql: string): Promise<void> {
    await Promise.all([this, ...this.siblings].map((pool) => pool.execute(sql, [])));
  }

  /** For TypeORM: closes the connections, those of a silent server without its consent. */
  end(done: (error?: Error) => void): void {
    void Promise.all([this, ...this.siblings].map((pool) => pool.close())).then(() => {
      done();
    });
  }

  private async close(): Promise<void> {
    this.isClosed = true;
    const closed = new Promise((resolve) => {
      this.pool.end(resolve);
    });
    await within(CLOSE_MS, closed).catch(() => {
      dropAll(this.connections);
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

  private given(done: Done<PoolConnection>): void {
    if (!this.verdict) {
      this.pool.getConnection(done);
      return;
    }
    void this.verdict.then((isThere) => {
      if (isThere) this.pool.getConnection(done);
      else done(new StoreTimeoutError());
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
      // Some callers have no use for the answer, of a ROLLBACK for instance.
      const done = typeof rest.at(-1) === 'function' ? (rest.pop() as Done) : () => undefined;
      if (DEFINITION.test(typeof text === 'string' ? text : text.sql)) {
        query(text, rest[0], done);
        return;
      }
      const finish = this.bounded(() => {
        drop(connection);
      }, done);
      query(text, rest[0], (error, rows, fields) => {
        this.heard(error, connection);
        finish(error, rows, fields);
      });
    };
    connection.query = limited as unknown as PoolConnection['query'];
  }

  /**
   * Bounds a wait.
   * @param giveUp is called when it is over: the answer may still come, and would be taken for that to the next statement
   * @param done is called once, in time
   * @returns to be told of the end of it, and tells whether it came in time
   */
  private bounded<Result>(
    giveUp: () => void,
    done: Done<Result>,
  ): (error: Error | null, result?: Result, fields?: unknown) => boolean {
    const startedAt = performance.now();
    let isOver = false;
    const timer = setTimeout(() => {
      isOver = true;
      giveUp();
      this.unanswered(startedAt);
      done(new StoreTimeoutError());
    }, this.timeoutMs);
    return (...answer) => {
      if (isOver) return false;
      isOver = true;
      clearTimeout(timer);
      if (isTimeout(answer[0])) this.unanswered(startedAt);
      done(...answer);
      return true;
    };
  }

  /** An answer of the server. Gives its connection up where that is of no more use. */
  private heard(error: Error | null, connection: PoolConnection): void {
    if (!error || isOfServer(error)) this.heardAt = performance.now();
    if (isRefusedByThisServer(error)) drop(connection);
  }

  /** Whatever has kept one statement waiting, connections that are not in use may suffer from it too. */
  private unanswered(startedAt: number): void {
    if (this.verdict || performance.now() - startedAt < SILENCE_MS) return;
    dropAll(this.idle);
    if (this.heardAt < startedAt) void this.ask();
  }

  private async ask(): Promise<void> {
    this.pool.end(() => undefined);
    this.pool = this.open();
    const answer = this.firstAnswer();
    this.verdict = Promise.race([answer, sleep(VERDICT_MS, false, { ref: false })]);
    await answer;
    this.verdict = undefined;
  }

  /** Asks over new connections, again and again without waiting for the ones before, until the server says anything. */
  private firstAnswer(): Promise<true> {
    return new Promise((resolve) => {
      const answered = () => {
        clearInterval(timer);
        resolve(true);
      };
      const ask = () => {
        if (this.isClosed) answered();
        else
          void this.isAnswered().then((isAnswered) => {
            if (isAnswered) answered();
          });
      };
      const timer = setInterval(ask, ASK_EVERY_MS).unref();
      ask();
    });
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

/** Ours, or that of connecting. */
function isTimeout(error: unknown): boolean {
  return (error as NodeJS.ErrnoException | null)?.code === 'ETIMEDOUT';
}

/** Closes a connection without waiting for the other side to close it too. */
function drop(connection: Connection): void {
  connection.destroy();
  (connection as unknown as { stream: Socket }).stream.destroy();
}

function dropAll(connections: ReadonlySet<Connection>): void {
  for (const connection of [...connections]) drop(connection);
}
