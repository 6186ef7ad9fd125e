import { join } from 'node:path';
import type { DataSourceOptions, MigrationInterface } from 'typeorm';
import type { Settings } from '../config/schema.js';
import { EmbeddedDriver } from './embedded-driver.js';
import { mysqlWithSession } from './mysql-pool.js';
import { hostOf, tlsOptions } from './tls-options.js';

type StoreSettings = Pick<Settings, 'DATABASE_URL' | 'DATABASE_POOL' | 'DATABASE_TIMEOUT' | 'DATA_DIR'>;

/** Migrations in the order in which they are applied. */
export type Migrations = (new () => MigrationInterface)[];

/**
 * The share of `DATABASE_TIMEOUT` for one statement. A request needs the rest to wait for the
 * verdict of the ServerWatch.
 */
const ONE_STATEMENT = 0.8;

/**
 * Returns TypeORM's options for the server of `DATABASE_URL`, or else for an SQLite file in
 * `DATA_DIR`.
 */
export function dataSourceOptions(settings: StoreSettings, migrations: Migrations): DataSourceOptions {
  const common = {
    migrations,
    migrationsTransactionMode: 'none' as const,
  };
  if (!settings.DATABASE_URL)
    return {
      ...common,
      type: 'better-sqlite3',
      driver: EmbeddedDriver,
      database: join(settings.DATA_DIR, 'latchkey.sqlite'),
      enableWAL: true,
    };
  const url = new URL(settings.DATABASE_URL);
  const { ssl, stream } = tlsOptions(url);
  const timeoutMs = settings.DATABASE_TIMEOUT * 1000 * ONE_STATEMENT;
  return {
    ...common,
    type: 'mysql',
    driver: mysqlWithSession(timeoutMs),
    host: hostOf(url),
    port: Number(url.port || 3306),
    username: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    database: decodeURIComponent(url.pathname.slice(1)),
    ...(ssl && { ssl, extra: { stream } }),
    charset: 'utf8mb4',
    timezone: 'Z',
    poolSize: settings.DATABASE_POOL,
    connectTimeout: timeoutMs,
  };
}
