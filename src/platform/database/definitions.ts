import type { QueryRunner } from 'typeorm';
import { isDefinedAlready, isUndefinedAlready } from './store-errors.js';

// MySQL commits each definition by itself. If a start is cut short between a definition and the
// record of its migration, the next start repeats the definition. Instances at two nodes of a
// cluster may make the same definition at once. So each function here does nothing if its work is
// already done, or if another instance does it meanwhile.

/**
 * Creates a table from column and index definitions in the SQL that both stores speak. On MySQL and
 * MariaDB, names the engine, the character set and the collation, since the defaults of servers
 * differ (some have latin1). With this collation, text compares by code point, as in SQLite.
 */
export async function createTable(
  queryRunner: QueryRunner,
  name: string,
  definitions: readonly string[],
): Promise<void> {
  const options = isMySql(queryRunner) ? ' ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin' : '';
  await queryRunner.query(`CREATE TABLE IF NOT EXISTS ${name} (${definitions.join(', ')})${options}`);
}

/**
 * Adds a column to a table. Replicas of the previous version go on inserting rows without it.
 * @param definition the name, the type and the attributes, in the SQL that both stores speak
 * @throws Error for a column that is neither nullable nor has a default
 */
export async function addColumn(queryRunner: QueryRunner, table: string, definition: string): Promise<void> {
  if (/\bNOT NULL\b/i.test(definition) && !/\bDEFAULT\b/i.test(definition))
    throw new Error(`the column ${table}.${definition} must be nullable or have a default`);
  const [name = ''] = definition.split(' ', 1);
  if (await queryRunner.hasColumn(table, name)) return;
  await tolerate(isDefinedAlready, queryRunner.query(`ALTER TABLE ${table} ADD COLUMN ${definition}`));
}

/** Removes a column from a table. In `down`, remove the indexes of the column first. */
export async function dropColumn(queryRunner: QueryRunner, table: string, name: string): Promise<void> {
  if (!(await queryRunner.hasColumn(table, name))) return;
  await tolerate(isUndefinedAlready, queryRunner.query(`ALTER TABLE ${table} DROP COLUMN ${name}`));
}

/** Creates an index of one or more columns. */
export async function createIndex(queryRunner: QueryRunner, table: string, ...columns: string[]): Promise<void> {
  const name = indexName(table, columns);
  const isThere = (await queryRunner.getTable(table))?.indices.some((index) => index.name === name);
  if (isThere) return;
  await tolerate(isDefinedAlready, queryRunner.query(`CREATE INDEX ${name} ON ${table} (${columns.join(', ')})`));
}

/** Removes an index that {@link createIndex} created. */
export async function dropIndex(queryRunner: QueryRunner, table: string, ...columns: string[]): Promise<void> {
  const on = isMySql(queryRunner) ? ` ON ${table}` : '';
  await tolerate(isUndefinedAlready, queryRunner.query(`DROP INDEX ${indexName(table, columns)}${on}`));
}

function indexName(table: string, columns: readonly string[]): string {
  return [table, ...columns].join('_');
}

function isMySql(queryRunner: QueryRunner): boolean {
  return queryRunner.dataSource.options.type === 'mysql';
}

/** Waits for a definition. Treats one kind of error as success. */
async function tolerate(isDone: (error: unknown) => boolean, definition: Promise<unknown>): Promise<void> {
  try {
    await definition;
  } catch (error) {
    if (!isDone(error)) throw error;
  }
}
