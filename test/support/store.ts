import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import { inject } from 'vitest';

/** An empty store, with the environment variables that point the service to it. */
export interface Store {
  readonly env: Record<string, string>;
  readonly isMySql: boolean;
  readonly dispose: () => Promise<void>;
}

/** Creates a store for a test file: a database on the server of this run, or an embedded store. */
export async function newStore(): Promise<Store> {
  const server = inject('mysqlUrl');
  return server ? mySqlStore(server) : embeddedStore();
}

/** Creates an empty embedded store in a temporary folder. */
export function embeddedStore(): Store {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-test-'));
  return {
    env: { DATA_DIR: folder },
    isMySql: false,
    dispose: async () => {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function mySqlStore(server: string): Promise<Store> {
  const name = `latchkey_test_${randomBytes(6).toString('hex')}`;
  const run = async (sql: string) => {
    const connection = await createConnection(server);
    await connection.query(sql);
    await connection.end();
  };
  await run(`CREATE DATABASE ${name}`);
  const url = new URL(server);
  url.pathname = name;
  return {
    env: { DATABASE_URL: url.href, AUTH_SECRET: randomBytes(32).toString('hex') },
    isMySql: true,
    dispose: () => run(`DROP DATABASE ${name}`),
  };
}
