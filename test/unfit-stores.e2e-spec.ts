import { randomBytes } from 'node:crypto';
import { createConnection } from 'mysql2/promise';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { startDatabaseServer } from '../scripts/database-server.js';
import { ServiceProcess } from './support/process.js';
import { startService } from './support/service.js';
import { newStore, type Store } from './support/store.js';

let process: ServiceProcess | undefined;
afterEach(async () => {
  process?.kill('SIGKILL');
  await process?.exited;
});

/** Starts the service over a store that it must refuse. @returns its one line */
async function refusal(env: Record<string, string>): Promise<string> {
  process = new ServiceProcess(env);
  expect(await process.exited).toBe(1);
  expect(process.stderr.trim().split('\n')).toHaveLength(1);
  return process.stderr.trim();
}

describe('A store', () => {
  let store: Store;
  beforeAll(async () => {
    store = await newStore();
  });
  afterAll(() => store.dispose());

  it('is refused if it is of a newer version', async () => {
    const name = store.isMySql ? 'DATABASE_URL' : 'DATA_DIR';
    const service = await startService({ store });
    await service.dataSource.query(
      "INSERT INTO migrations (timestamp, name) VALUES (4102444800000, 'FromTheFuture4102444800000')",
    );
    await service.stop();
    expect(await refusal(store.env)).toBe(`latchkey: ${name}: its tables are those of a newer version of this service`);
  });

  // SQLite cannot convert a table to another collation.
  it.runIf(inject('mysqlUrl'))('is refused if a table was converted', async () => {
    const other = await newStore();
    try {
      const service = await startService({ store: other });
      await service.dataSource.query('ALTER TABLE users CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci');
      await service.stop();
      expect(await refusal(other.env)).toBe(
        'latchkey: DATABASE_URL: the table users must have the collation utf8mb4_bin',
      );
    } finally {
      await other.dispose();
    }
  });
});

// The embedded store has no database server.
describe.runIf(inject('mysqlUrl'))('A database server', () => {
  let server: Awaited<ReturnType<typeof startDatabaseServer>>;
  let env: Record<string, string>;
  beforeAll(async () => {
    // Each server runs it for the connections of plain users.
    server = await startDatabaseServer(['--init-connect=SET NAMES latin1']);
    const url = new URL(server.url);
    Object.assign(url, { username: 'plain', password: 'plain', pathname: 'unfit' });
    env = { DATABASE_URL: url.href, AUTH_SECRET: randomBytes(32).toString('hex') };
    await run('CREATE DATABASE unfit');
    await run("CREATE USER plain@'%' IDENTIFIED BY 'plain'");
    await run('GRANT ALL ON unfit.* TO plain');
  });
  afterAll(() => {
    server.stop();
  });

  async function run(sql: string): Promise<void> {
    const connection = await createConnection(server.url);
    await connection.query(sql);
    await connection.end();
  }

  it.each([
    ['', 'the SQL mode of the server must have STRICT_TRANS_TABLES'],
    ['STRICT_ALL_TABLES,NO_BACKSLASH_ESCAPES', 'the SQL mode of the server must not have NO_BACKSLASH_ESCAPES'],
    ['STRICT_TRANS_TABLES', 'the server must let connections have the character set utf8mb4'],
  ])('is refused with the SQL mode «%s» and another character set for connections', async (mode, line) => {
    await run(`SET GLOBAL sql_mode = '${mode}'`);
    expect(await refusal(env)).toBe(`latchkey: DATABASE_URL: ${line}`);
  });
});
