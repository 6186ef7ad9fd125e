import mysql, { type PoolConnection, type PoolOptions } from 'mysql2';
import { BoundedPool } from './bounded-pool.js';

/**
 * How many seconds a statement waits for a row or a table that another statement has locked. The
 * defaults of the servers are 50 and 86,400. With them, a statement would run long after its client
 * was refused.
 */
const LOCK_WAIT_TIMEOUT = 1;

/**
 * Makes a Galera node apply every write that any node has acknowledged before it begins a read (1),
 * an update or delete (2) or an insert (4). Otherwise a node might not know yet of a logout at
 * another node. It might also not know the session that a logout ends.
 */
const SYNC_WAIT = 1 + 2 + 4;

/**
 * Makes a node of a MySQL group do the same, for reads and writes alike. A stronger setting of the
 * server stays, with which commits wait for all nodes. A read-only node is a secondary or has not
 * joined its group yet. It gets an invalid value on purpose, so that the connection is dropped.
 */
const GROUP_CONSISTENCY = `CASE WHEN @@GLOBAL.super_read_only THEN 'none'
  WHEN @@GLOBAL.group_replication_consistency IN ('AFTER', 'BEFORE_AND_AFTER') THEN 'BEFORE_AND_AFTER'
  ELSE 'BEFORE' END`;

/** Returns mysql2 for TypeORM, with bounded waits and with session settings on each connection. */
export function mysqlWithSession(timeoutMs: number) {
  return {
    ...mysql,
    createPool: (options: PoolOptions) => new BoundedPool(options, timeoutMs, setSession),
  };
}

function setSession(connection: PoolConnection): void {
  connection.query(
    `SET SESSION autocommit = 1, innodb_lock_wait_timeout = ${LOCK_WAIT_TIMEOUT}, lock_wait_timeout = ${LOCK_WAIT_TIMEOUT}`,
    (error) => {
      // Without these settings, commits and waits would not be what the service relies on.
      if (error) connection.destroy();
    },
  );
  for (const setting of [`wsrep_sync_wait = ${SYNC_WAIT}`, `group_replication_consistency = ${GROUP_CONSISTENCY}`])
    connection.query(`SET SESSION ${setting}`, (error) => {
      // A server without this setting is not in a cluster of this kind.
      if (error && error.code !== 'ER_UNKNOWN_SYSTEM_VARIABLE') connection.destroy();
    });
}
