import type { DataSource } from 'typeorm';
import { ConfigError } from '../config/config.error.js';

interface Settings {
  readonly sqlMode: string;
  readonly client: string;
  readonly connection: string;
  readonly results: string;
}

/**
 * Checks that the store meets the requirements of this service. Must be called before migrations
 * are applied.
 * @throws ConfigError that names the problem
 */
export async function assertFit(dataSource: DataSource): Promise<void> {
  const isMySql = dataSource.options.type === 'mysql';
  const unfit = isMySql ? ((await settingsProblem(dataSource)) ?? (await tablesProblem(dataSource))) : undefined;
  const problem = unfit ?? (await newerSchema(dataSource));
  if (problem) throw new ConfigError(`${isMySql ? 'DATABASE_URL' : 'DATA_DIR'}: ${problem}`);
}

/** Finds a setting that the server imposes on every connection and that this service cannot use. */
async function settingsProblem(dataSource: DataSource): Promise<string | undefined> {
  const [settings] = await dataSource.query<Settings[]>(
    `SELECT @@SESSION.sql_mode AS sqlMode, @@character_set_client AS client,
       @@character_set_connection AS \`connection\`, @@character_set_results AS results`,
  );
  const { sqlMode = '', ...charsets } = settings ?? {};
  // Without it, the server cuts texts that are too long for their column: one name would become
  // another.
  if (!/STRICT_(TRANS|ALL)_TABLES/.test(sqlMode)) return 'the SQL mode of the server must have STRICT_TRANS_TABLES';
  // With it, the driver does not quote texts safely.
  if (sqlMode.includes('NO_BACKSLASH_ESCAPES')) return 'the SQL mode of the server must not have NO_BACKSLASH_ESCAPES';
  if (sqlMode.includes('EMPTY_STRING_IS_NULL')) return 'the SQL mode of the server must not have EMPTY_STRING_IS_NULL';
  if (Object.values(charsets).some((charset) => charset !== 'utf8mb4'))
    return 'the server must let connections have the character set utf8mb4';
  return undefined;
}

/**
 * Finds a table that an operator has converted. In another collation, different names would be
 * equal.
 */
async function tablesProblem(dataSource: DataSource): Promise<string | undefined> {
  const tables = dataSource.entityMetadatas.map(({ tableName }) => tableName);
  const others = await dataSource.query<{ name: string }[]>(
    `SELECT TABLE_NAME AS name FROM information_schema.COLUMNS
     WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME IN (?) AND COLLATION_NAME <> 'utf8mb4_bin' LIMIT 1`,
    [tables],
  );
  return others[0] && `the table ${others[0].name} must have the collation utf8mb4_bin`;
}

/**
 * Finds migrations of a newer version. This version would write rows without the columns that the
 * newer version needs.
 */
async function newerSchema(dataSource: DataSource): Promise<string | undefined> {
  const known = new Set(dataSource.migrations.map((migration) => migration.name));
  const applied = await appliedMigrations(dataSource);
  return applied.some((name) => !known.has(name))
    ? 'its tables are those of a newer version of this service'
    : undefined;
}

async function appliedMigrations(dataSource: DataSource): Promise<string[]> {
  const queryRunner = dataSource.createQueryRunner();
  try {
    if (!(await queryRunner.hasTable('migrations'))) return [];
    const rows = (await queryRunner.query('SELECT name FROM migrations')) as { name: string }[];
    return rows.map(({ name }) => name);
  } finally {
    await queryRunner.release();
  }
}
