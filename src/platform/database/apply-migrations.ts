import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type DataSource, MigrationExecutor, type QueryRunner } from 'typeorm';
import { isInGroup, underGroupLock } from './group-lock.js';
import { createTable } from './definitions.js';
import { isConflict, isUniqueViolation } from './store-errors.js';

/**
 * The pause between two attempts to take the lock. No statement waits for the lock, since each
 * statement has a time limit.
 */
const LOCK_PAUSE_MS = 200;
const LOCK_ATTEMPTS = 1_500;

/** The columns of TypeORM's own table. The unique name keeps each migration to one row. */
const RECORDS = [
  'id int NOT NULL AUTO_INCREMENT PRIMARY KEY',
  'timestamp bigint NOT NULL',
  'name varchar(255) NOT NULL',
  'CONSTRAINT migrations_name UNIQUE (name)',
];

/** How often another instance may get in the way. No release has so many migrations or nodes. */
const COLLISIONS = 20;

/**
 * Applies the pending migrations under a lock. When several instances start together, one of them
 * applies the migrations, and the others wait. Galera has a lock for each node, so there an
 * instance may find its migration recorded by another instance. It then reads the list of pending
 * migrations again. A MySQL group needs another lock, see {@link underGroupLock}.
 */
export async function applyMigrations(dataSource: DataSource): Promise<void> {
  const queryRunner = dataSource.createQueryRunner();
  const isMySql = dataSource.options.type === 'mysql';
  try {
    if (!isMySql) await underWriteLock(queryRunner, migrate);
    else if (await isInGroup(dataSource)) await underGroupLock(dataSource, migrateAgainAfterCollision);
    else await underNamedLock(queryRunner, migrateAgainAfterCollision);
  } finally {
    await queryRunner.release();
  }

  async function migrateAgainAfterCollision(): Promise<void> {
    for (let collisions = 0; ; collisions++) {
      try {
        await migrate();
        return;
      } catch (error) {
        const isCollision = isConflict(error) || isUniqueViolation(error);
        if (!isCollision || collisions === COLLISIONS) throw error;
      }
    }
  }

  async function migrate(): Promise<void> {
    if (isMySql && !(await queryRunner.hasTable('migrations'))) await createTable(queryRunner, 'migrations', RECORDS);
    const executor = new MigrationExecutor(dataSource, queryRunner);
    executor.transaction = 'none';
    await executor.executePendingMigrations();
  }
}

/**
 * Runs work under a named lock, since MySQL commits each definition by itself. The lock ends with
 * its connection.
 */
async function underNamedLock(queryRunner: QueryRunner, work: () => Promise<void>): Promise<void> {
  // Names are the server's, not the database's, and at most 64 characters long.
  const database = createHash('sha256').update(String(queryRunner.dataSource.options.database));
  const name = `latchkey:${database.digest('base64url')}`;
  await takeLock(queryRunner, name);
  try {
    await work();
  } finally {
    // If this fails, the lock ends with the connection. The caller gets the error of the work.
    await queryRunner.query('DO RELEASE_LOCK(?)', [name]).catch(() => undefined);
  }
}

async function takeLock(queryRunner: QueryRunner, name: string): Promise<void> {
  for (let attempt = 0; attempt < LOCK_ATTEMPTS; attempt++) {
    const rows = (await queryRunner.query('SELECT GET_LOCK(?, 0) AS taken', [name])) as { taken: unknown }[];
    if (Number(rows[0]?.taken) === 1) return;
    await sleep(LOCK_PAUSE_MS);
  }
  throw new Error('another instance holds the migration lock');
}

/**
 * Runs work in a transaction. SQLite has one writer at a time, and its definitions are part of the
 * transaction.
 */
async function underWriteLock(queryRunner: QueryRunner, work: () => Promise<void>): Promise<void> {
  await queryRunner.query('BEGIN IMMEDIATE');
  try {
    await work();
    await queryRunner.query('COMMIT');
  } catch (error) {
    await queryRunner.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}
