import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createConnection } from 'mysql2/promise';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { startDatabaseServer } from '../scripts/database-server.js';
import { Authority, type Certificate } from './support/certificates.js';
import { ServiceProcess } from './support/process.js';

/** Long enough for the server to load the certificate. Certificates count whole seconds. */
const SHORT_LIFE_MS = 5_000;
const SECRET = randomBytes(32).toString('hex');
const LOCALHOST = [{ type: 'dns', value: 'localhost' }] as const;
const ADDRESS = [{ type: 'ip', value: '127.0.0.1' }] as const;

let folder: string;
let server: Awaited<ReturnType<typeof startDatabaseServer>>;
let ours: Authority;
let isMariaDb: boolean;

const path = (name: string) => join(folder, name);

async function run(...statements: string[]): Promise<void> {
  // Accepts any certificate, since the tests change it.
  const connection = await createConnection({ uri: server.url, ssl: { rejectUnauthorized: false } });
  for (const sql of statements) await connection.query(sql);
  await connection.end();
}

function write({ cert, key }: Certificate): void {
  writeFileSync(path('cert.pem'), cert);
  writeFileSync(path('key.pem'), key, { mode: 0o600 });
}

/** Makes the server present another certificate. */
async function show(certificate: Certificate): Promise<void> {
  write(certificate);
  await run(isMariaDb ? 'FLUSH SSL' : 'ALTER INSTANCE RELOAD TLS');
}

/** Counts the connections that were closed before they logged in. */
async function refusedByService(): Promise<number> {
  const connection = await createConnection({ uri: server.url, ssl: { rejectUnauthorized: false } });
  const [rows] = await connection.query("SHOW GLOBAL STATUS LIKE 'Aborted_connects'");
  await connection.end();
  return Number((rows as { Value: string }[])[0]?.Value);
}

function envFor(host: string, search = `?ssl=on&ssl-ca=${path('ca.pem')}`, url = server.url): Record<string, string> {
  const target = new URL(url);
  target.hostname = host;
  target.pathname = 'latchkey_tls';
  return { DATABASE_URL: target.href + search, AUTH_SECRET: SECRET };
}

/** Runs a command and returns its exit code and its whole output. */
function command(args: string[], env: Record<string, string>): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { env, encoding: 'utf8', timeout: 25_000 });
  return { status, output: stdout + stderr };
}
const listKeys = (env: Record<string, string>) => command(['dist/src/cli/main.js', 'keys', 'list'], env);
const migrate = (env: Record<string, string>) =>
  command(['node_modules/typeorm/cli.js', 'migration:run', '-d', 'dist/ormconfig.js'], env);

// The embedded store has no database server.
describe.runIf(inject('mysqlUrl'))('DATABASE_URL with ssl=on', { timeout: 90_000 }, () => {
  const started: ServiceProcess[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'latchkey-tls-'));
    ours = await Authority.create('ours');
    writeFileSync(path('ca.pem'), ours.cert);
    writeFileSync(path('other.pem'), (await Authority.create('other')).cert);
    write(await ours.issue([...LOCALHOST]));
    const files = [`--ssl-ca=${path('ca.pem')}`, `--ssl-cert=${path('cert.pem')}`, `--ssl-key=${path('key.pem')}`];
    server = await startDatabaseServer(files);
    const connection = await createConnection(server.url);
    const [[row]] = (await connection.query('SELECT VERSION() AS version')) as unknown as [{ version: string }[]];
    isMariaDb = row?.version.includes('MariaDB') ?? false;
    await connection.end();
    await run('CREATE DATABASE latchkey_tls');
  });
  afterAll(() => {
    server.stop();
    rmSync(folder, { recursive: true });
  });
  afterEach(async () => {
    for (const process of started.splice(0)) {
      process.kill('SIGKILL');
      await process.exited;
    }
  });

  function start(env: Record<string, string>): ServiceProcess {
    const process = new ServiceProcess({ ...env, DATABASE_TIMEOUT: '2' });
    started.push(process);
    return process;
  }

  /** Starts the service with a server that it must refuse, and returns its line of output. */
  async function refusal(env: Record<string, string>): Promise<string> {
    const process = start(env);
    expect(await process.exited).toBe(1);
    expect(process.stderr.trim().split('\n')).toHaveLength(1);
    return process.stderr.trim();
  }

  it('accepts a certificate for the host name that the authority of ssl-ca has signed', async () => {
    await show(await ours.issue([...LOCALHOST]));
    const url = await start(envFor('localhost')).ready();
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    expect(listKeys(envFor('localhost'))).toMatchObject({ status: 0, output: expect.stringContaining('signing') });
    expect(migrate(envFor('localhost'))).toMatchObject({ status: 0 });
  });

  it('accepts an address or host name only if the certificate names it', async () => {
    await show(await ours.issue([...ADDRESS]));
    await start(envFor('127.0.0.1')).ready();
    expect(listKeys(envFor('127.0.0.1'))).toMatchObject({ status: 0 });
    expect(await refusal(envFor('localhost'))).toMatch(/^latchkey: DATABASE_URL: .*does not match certificate/);
    // Node.js itself checks the certificate of an address against the name localhost.
    await show(await ours.issue([...LOCALHOST]));
    expect(await refusal(envFor('127.0.0.1'))).toMatch(/^latchkey: DATABASE_URL: .*does not match certificate/);
  });

  it.each<[string, { names?: { type: 'dns'; value: string }[]; ca?: string; lifeMs?: number }, RegExp]>([
    ['for another name', { names: [{ type: 'dns', value: 'db.example.com' }] }, /does not match/],
    ['of another authority', { ca: 'other.pem' }, /certificate/],
    ['that has expired', { lifeMs: SHORT_LIFE_MS }, /certificate has expired/],
  ])('refuses a certificate %s in the service, the CLI and the migrations', async (_, certificate, why) => {
    const { names = [...LOCALHOST], ca = 'ca.pem', lifeMs } = certificate;
    await show(await ours.issue(names, lifeMs));
    // A server refuses to load a certificate that has already expired.
    if (lifeMs !== undefined) await sleep(lifeMs);
    const env = envFor('localhost', `?ssl=on&ssl-ca=${path(ca)}`);
    const line = await refusal(env);
    expect(line).toMatch(/^latchkey: DATABASE_URL: the certificate of the server is refused: /);
    expect(line).toMatch(why);
    const [keys, migration] = [listKeys(env), migrate(env)];
    expect([keys.status, migration.status]).toEqual([1, 1]);
    expect(keys.output).toMatch(why);
    expect(migration.output).toMatch(why);
  });

  it('trusts only the authorities of Node.js without ssl-ca', async () => {
    await show(await ours.issue([...LOCALHOST]));
    expect(await refusal(envFor('localhost', '?ssl=on'))).toMatch(/the certificate of the server is refused/);
  });

  it('refuses a server without TLS', async () => {
    const plain = await startDatabaseServer(isMariaDb ? ['--skip-ssl'] : ['--tls-version=']);
    try {
      const env = envFor('localhost', undefined, plain.url);
      const line = 'DATABASE_URL: the server offers no TLS, which ssl=on asks for';
      expect(await refusal(env)).toBe(`latchkey: ${line}`);
      expect(listKeys(env)).toEqual({ status: 1, output: `latchkey: ${line}\n` });
      expect(migrate(env)).toMatchObject({ status: 1, output: expect.stringContaining('secure connection') });
    } finally {
      plain.stop();
    }
  });

  it('refuses an unreadable file in ssl-ca', async () => {
    const env = envFor('localhost', `?ssl=on&ssl-ca=${path('none.pem')}`);
    const line = 'latchkey: DATABASE_URL: the file of ssl-ca cannot be read';
    expect(await refusal(env)).toBe(line);
    expect(listKeys(env)).toEqual({ status: 1, output: `${line}\n` });
    expect(migrate(env)).toMatchObject({ status: 1, output: expect.stringContaining('ssl-ca cannot be read') });
  });

  it('checks the certificate of later connections, including those that probe a silent server', async () => {
    await show(await ours.issue([...LOCALHOST]));
    const url = await start(envFor('localhost')).ready();
    const becomes = async (status: number) => {
      while ((await fetch(`${url}/readyz`)).status !== status) await sleep(50);
    };
    await show(await ours.issue([{ type: 'dns', value: 'db.example.com' }]));
    server.signal('SIGSTOP');
    await becomes(503);
    server.signal('SIGCONT');
    // The server answers again, with the certificate of another name, and the service disconnects.
    const before = await refusedByService();
    while ((await refusedByService()) < before + 3) expect((await fetch(`${url}/readyz`)).status).toBe(503);
    await show(await ours.issue([...LOCALHOST]));
    await becomes(200);
  });
});
