import { createHash } from 'node:crypto';
import { type DataSource, MigrationExecutor, type QueryRunner } from 'typeorm';

/** Seconds to wait for another instance that applies the same migrations. */
const LOCK_TIMEOUT = 60;

/** Applies the pending migrations under a lock, so that of several instances starting together one does and the others wait. */
export async function applyMigrations(dataSource: DataSource): Promise<void> {
  const queryRunner = dataSource.createQueryRunner();
  const isMySql = dataSource.options.type === 'mysql';
  try {
    await (isMySql ? underNamedLock(queryRunner, migrate) : underWriteLock(queryRunner, migrate));
  } finally {
    await queryRunner.release();
  }

  async function migrate(): Promise<void> {
    const executor = new MigrationExecutor(dataSource, queryRunner);
    executor.transaction = 'none';
    await executor.executePendingMigrations();
  }
}

/** MySQL commits each definition by itself, so a lock by name stands in for a transaction. It goes with its connection. */
async function underNamedLock(queryRunner: QueryRunner, work: () => Promise<void>): Promise<void> {
  // Names are the server's, not the database's, and at most 64 characters long.
  const database = createHash('sha256').update(String(queryRunner.dataSource.options.database));
  const name = `latchkey:${database.digest('base64url')}`;
  const rows = (await queryRunner.query('SELECT GET_LOCK(?, ?) AS locked', [name, LOCK_TIMEOUT])) as {
    locked: unknown;
  }[];
  if (Number(rows[0]?.locked) !== 1) throw new Error('another instance holds the migration lock');
  try {
    await work();
  } finally {
    await queryRunner.query('DO RELEASE_LOCK(?)', [name]);
  }
}

/** SQLite has one writer at a time, and its definitions are part of the transaction. */
async function underWriteLock(queryRunner: QueryRunner, work: () => Promise<void>): Promise<void> {
  await queryRunner.query('BEGIN IMMEDIATE');
  try {
    await work();
    await queryRunner.query('COMMIT');
  } catch (error) {
    await queryRunner.query('ROLLBACK');
    throw error;
  }
}
