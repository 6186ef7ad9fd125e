import { join } from 'node:path';
import type { DataSourceOptions } from 'typeorm';
import type { Settings } from '../config/schema.js';
import { SecurityEvent } from '../events/security-event.entity.js';
import { SigningKey } from '../keys/signing-key.entity.js';
import { CounterRow } from '../limits/counter.entity.js';
import { KnownSource } from '../limits/known-source.entity.js';
import { Lease } from '../upkeep/lease.entity.js';
import { Session } from '../users/session.entity.js';
import { User } from '../users/user.entity.js';
import { EmbeddedDriver } from './embedded-driver.js';
import { mysqlWithSession } from './mysql-pool.js';
import { migrations } from './migrations/index.js';
import { hostOf, tlsOptions } from './tls-options.js';

type StoreSettings = Pick<Settings, 'DATABASE_URL' | 'DATABASE_POOL' | 'DATABASE_TIMEOUT' | 'DATA_DIR'>;

/** Share of `DATABASE_TIMEOUT` for one statement: what a request needs besides, a verdict on a silent server above all, takes the rest. */
const ONE_STATEMENT = 0.8;

/** MySQL-protocol server where `DATABASE_URL` names one, else an SQLite file under `DATA_DIR`. */
export function dataSourceOptions(settings: StoreSettings): DataSourceOptions {
  const common = {
    entities: [User, Session, SigningKey, Lease, SecurityEvent, KnownSource, CounterRow],
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
