import type { QueryRunner } from 'typeorm';
import { isDefinedAlready } from './store-errors.js';

/**
 * Creates a table from column and index definitions in the SQL that both stores speak.
 * MySQL and MariaDB get their engine, character set and collation by name, since a server's defaults differ (latin1 among
 * them), and text compares by code point as SQLite does. Does nothing where the table is there: MySQL commits each
 * definition by itself, so a start that was cut short between table and migration record is simply repeated.
 */
export async function createTable(
  queryRunner: QueryRunner,
  name: string,
  definitions: readonly string[],
): Promise<void> {
  const isMySql = queryRunner.dataSource.options.type === 'mysql';
  const options = isMySql ? ' ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin' : '';
  await queryRunner.query(`CREATE TABLE IF NOT EXISTS ${name} (${definitions.join(', ')})${options}`);
}

/** Indexes columns. Does nothing where the index is there, or is made meanwhile by an instance at another node of a cluster. */
export async function createIndex(queryRunner: QueryRunner, table: string, ...columns: string[]): Promise<void> {
  const name = [table, ...columns].join('_');
  const isThere = (await queryRunner.getTable(table))?.indices.some((index) => index.name === name);
  if (isThere) return;
  await queryRunner.query(`CREATE INDEX ${name} ON ${table} (${columns.join(', ')})`).catch((error: unknown) => {
    if (!isDefinedAlready(error)) throw error;
  });
}
