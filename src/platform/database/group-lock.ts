import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
import { createTable } from './definitions.js';
import { retrying } from './retrying.js';
import { isUniqueViolation } from './store-errors.js';

/** Seconds after which another instance takes the lock over, since its holder must have died. */
const LEASE = 30;
const RENEW_EVERY_MS = 10_000;
const PAUSE_MS = 200;
const ATTEMPTS = 1_500;

const COLUMNS = ['id int NOT NULL PRIMARY KEY', 'holder varchar(36) NOT NULL', 'taken_until bigint NOT NULL'];
const UNTIL = `UNIX_TIMESTAMP() + ${LEASE}`;
const TAKE = `UPDATE migration_lock SET holder = ?, taken_until = ${UNTIL} WHERE id = 1 AND taken_until < UNIX_TIMESTAMP()`;
const TAKE_FIRST = `INSERT INTO migration_lock (id, holder, taken_until) VALUES (1, ?, ${UNTIL})`;
const RENEW = `UPDATE migration_lock SET taken_until = ${UNTIL} WHERE id = 1 AND holder = ?`;
const RELEASE = 'UPDATE migration_lock SET taken_until = 0 WHERE id = 1 AND holder = ?';

/** Tells whether the server is a node of a MySQL group, or is configured to be one. */
export async function isInGroup(dataSource: DataSource): Promise<boolean> {
  const rows = await dataSource.query<{ Value: string }[]>("SHOW VARIABLES LIKE 'group_replication_group_name'");
  return (rows[0]?.Value ?? '') !== '';
}

/**
 * Runs work while no other instance at any node of the group does. A named lock holds on its node
 * alone. If two nodes define the same index at once, both succeed, neither can apply the other's
 * definition, and both leave the group.
 * @throws Error when another instance holds the lock for minutes
 */
export async function underGroupLock(dataSource: DataSource, work: () => Promise<void>): Promise<void> {
  await createLock(dataSource);
  const holder = randomUUID();
  for (let attempt = 0; !(await take(dataSource, holder)); attempt++) {
    if (attempt === ATTEMPTS) throw new Error('another instance holds the migration lock');
    await sleep(PAUSE_MS);
  }
  // A failed renewal does not matter: the next one comes well before the lease ends.
  const renewal = setInterval(() => {
    void dataSource.query(RENEW, [holder]).catch(() => undefined);
  }, RENEW_EVERY_MS);
  try {
    await work();
  } finally {
    clearInterval(renewal);
    // If this fails, the lease ends by itself. The caller gets the error of the work.
    await retrying(() => dataSource.query(RELEASE, [holder])).catch(() => undefined);
  }
}

/**
 * Creates the table of the lock. Two nodes may do so at once. With the consistency `AFTER`, each
 * node would wait for the other one without end, and the group would wait for both.
 */
async function createLock(dataSource: DataSource): Promise<void> {
  const queryRunner = dataSource.createQueryRunner();
  try {
    if (await queryRunner.hasTable('migration_lock')) return;
    await queryRunner.query('SET @consistency = @@SESSION.group_replication_consistency');
    await queryRunner.query("SET SESSION group_replication_consistency = 'BEFORE'");
    try {
      await createTable(queryRunner, 'migration_lock', COLUMNS);
    } finally {
      // Later statements use the same connection. If this fails, the connection is lost.
      await queryRunner.query('SET SESSION group_replication_consistency = @consistency').catch(() => undefined);
    }
  } finally {
    await queryRunner.release();
  }
}

/**
 * Takes the lock if it is free. Of two nodes that try at once, certification lets one through.
 * @returns whether this instance has the lock
 */
async function take(dataSource: DataSource, holder: string): Promise<boolean> {
  const { affectedRows } = await retrying(() => dataSource.query<{ affectedRows: number }>(TAKE, [holder]));
  if (affectedRows === 1) return true;
  const [taken] = await dataSource.query<unknown[]>('SELECT 1 FROM migration_lock WHERE id = 1');
  if (taken) return false;
  try {
    await retrying(() => dataSource.query(TAKE_FIRST, [holder]));
    return true;
  } catch (error) {
    if (isUniqueViolation(error)) return false;
    throw error;
  }
}
