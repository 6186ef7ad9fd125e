import mysql, { type PoolConnection, type PoolOptions } from 'mysql2';
import { BoundedPool } from './bounded-pool.js';

/**
 * How many seconds a statement waits for a row or a table that another one has locked. The defaults
 * of the servers, 50 and 86,400, are longer than a client waits: the statement would run long after
 * that client was refused.
 */
const LOCK_WAIT_TIMEOUT = 1;

/**
 * On a Galera node, reads (1), updates and deletes (2) and inserts (4) begin once the node has
 * applied every write that was acknowledged anywhere before. Otherwise a logout at one node would
 * not be known at another yet, and a logout of a session that the node does not know yet would end
 * nothing.
 */
const SYNC_WAIT = 1 + 2 + 4;

/**
 * Makes a node of a MySQL group do the same, for reads and writes alike. A stronger setting of the
 * server (its commits wait for all nodes) stays. A read-only node is a secondary or has not joined
 * its group yet. It gets an invalid value on purpose, so that the connection is given up.
 */
const GROUP_CONSISTENCY = `CASE WHEN @@GLOBAL.super_read_only THEN 'none'
  WHEN @@GLOBAL.group_replication_consistency IN ('AFTER', 'BEFORE_AND_AFTER') THEN 'BEFORE_AND_AFTER'
  ELSE 'BEFORE' END`;

/**
 * Returns mysql2 for TypeORM, with bounded waits, and with settings for each connection before its
 * first statement.
 */
export function mysqlWithSession(timeoutMs: number) {
  return {
    ...mysql,
    createPool: (options: PoolOptions) => new BoundedPool(options, timeoutMs, setSession),
  };
}

function setSession(connection: PoolConnection): void {
  // Where this fails, the connection is broken, and the statement behind it fails too.
  connection.query(
    `SET SESSION autocommit = 1, innodb_lock_wait_timeout = ${LOCK_WAIT_TIMEOUT}, lock_wait_timeout = ${LOCK_WAIT_TIMEOUT}`,
    () => undefined,
  );
  for (const setting of [`wsrep_sync_wait = ${SYNC_WAIT}`, `group_replication_consistency = ${GROUP_CONSISTENCY}`])
    connection.query(`SET SESSION ${setting}`, (error) => {
      // A server without this setting is in no such cluster.
      if (error && error.code !== 'ER_UNKNOWN_SYSTEM_VARIABLE') connection.destroy();
    });
}
