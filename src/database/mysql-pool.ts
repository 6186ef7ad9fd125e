import mysql, { type Pool, type PoolConnection, type PoolOptions, type QueryOptions } from 'mysql2';

/** Seconds that a statement waits for a row that another one has locked; MySQL's own 50 are longer than a client waits. */
const LOCK_WAIT_TIMEOUT = 1;

/** For a statement to be answered. A server that is stopped but not dead keeps its connections open. */
const STATEMENT_TIMEOUT_MS = 5_000;
/** May take longer: migrations of large tables. */
const DEFINITION = /^\s*(CREATE|ALTER|DROP)\b/i;

/** mysql2 for TypeORM, with settings that each connection gets before its first statement. */
export const mysqlWithSession = {
  ...mysql,
  createPool(options: PoolOptions) {
    const pool = mysql.createPool(options);
    pool.on('connection', (connection) => {
      limitTime(connection);
      // A failure here is the connection's, and the statement behind it fails in turn.
      connection.query(`SET SESSION innodb_lock_wait_timeout = ${LOCK_WAIT_TIMEOUT}`, () => undefined);
    });
    return pool;
  },
};

type Query = (
  options: QueryOptions,
  values: unknown,
  done: (error: NodeJS.ErrnoException | null, ...rest: unknown[]) => void,
) => void;

/** Gives every statement of a connection a time limit, and lets go of a connection that has reached it: its answer may still come. */
function limitTime(connection: PoolConnection): void {
  const query = connection.query.bind(connection) as Query;
  const limited = (statement: string | QueryOptions, ...rest: unknown[]) => {
    const done = rest.pop() as Parameters<Query>[2];
    const options = typeof statement === 'string' ? { sql: statement } : statement;
    const timeout = DEFINITION.test(options.sql) ? undefined : STATEMENT_TIMEOUT_MS;
    query({ ...options, ...(timeout && { timeout }) }, rest[0], (error, ...result) => {
      if (error?.code === 'PROTOCOL_SEQUENCE_TIMEOUT') connection.destroy();
      done(error, ...result);
    });
  };
  connection.query = limited as unknown as PoolConnection['query'];
}

/**
 * Runs a statement that its connection prepares once.
 * @throws an error of code `ETIMEDOUT` when there is no answer in time, be it for want of a connection
 */
export function execute(pool: Pool, sql: string, values: readonly unknown[]): Promise<unknown> {
  return new Promise((resolve, reject) => {
    let connection: PoolConnection | undefined;
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      connection?.destroy();
      reject(Object.assign(new Error('the database does not answer'), { code: 'ETIMEDOUT' }));
    }, STATEMENT_TIMEOUT_MS);
    pool.getConnection((error, given) => {
      if (error) {
        clearTimeout(timer);
        reject(error);
        return;
      }
      if (isLate) {
        given.release();
        return;
      }
      connection = given;
      given.execute(sql, values as never[], (failure, result) => {
        if (isLate) return;
        clearTimeout(timer);
        given.release();
        if (failure) reject(failure);
        else resolve(result);
      });
    });
  });
}
