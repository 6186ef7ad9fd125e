import mysql, { type PoolConnection, type PoolOptions } from 'mysql2';
import { BoundedPool } from './bounded-pool.js';

/**
 * Seconds that a statement waits for a row or a table that another one has locked; the servers' own 50 and 86,400 are longer
 * than a client waits, and would let it happen long after that client was refused.
 */
const LOCK_WAIT_TIMEOUT = 1;

/** mysql2 for TypeORM, with settings that each connection gets before its first statement, and bounded waits. */
export function mysqlWithSession(timeoutMs: number) {
  return {
    ...mysql,
    createPool: (options: PoolOptions) => new BoundedPool(options, timeoutMs, setSession),
  };
}

function setSession(connection: PoolConnection): void {
  // A failure here is the connection's, and the statement behind it fails in turn.
  connection.query(
    `SET SESSION innodb_lock_wait_timeout = ${LOCK_WAIT_TIMEOUT}, lock_wait_timeout = ${LOCK_WAIT_TIMEOUT}`,
    () => undefined,
  );
}
