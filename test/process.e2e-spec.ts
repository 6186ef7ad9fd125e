import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import { PASSWORD } from './support/accounts.js';
import { processesOfEachTest } from './support/processes.js';
import { embeddedStore } from './support/store.js';

const post = (url: string, body: object) =>
  fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });

describe('A process', () => {
  const processes = processesOfEachTest();

  it('starts together with others over one empty store, with the same keys', async () => {
    const urls = await Promise.all([processes.start().ready(), processes.start().ready(), processes.start().ready()]);
    const keys = await Promise.all(urls.map(async (url) => (await fetch(`${url}/.well-known/jwks.json`)).text()));
    expect(new Set(keys).size).toBe(1);
    const registered = (await (
      await post(`${urls[0]}/auth/register`, { username: 'alice', password: PASSWORD })
    ).json()) as Record<string, string>;
    const user = await fetch(`${urls[1]}/auth/getuser`, {
      headers: { authorization: `Bearer ${registered['access']}` },
    });
    expect(await user.json()).toEqual({ username: 'alice' });
  });

  it('keeps its accounts and keys over a restart', async () => {
    const first = processes.start();
    const url = await first.ready();
    const { access } = (await (
      await post(`${url}/auth/register`, { username: 'alice', password: PASSWORD })
    ).json()) as { access: string };
    first.kill('SIGTERM');
    expect(await first.exited).toBe(0);
    const again = await processes.start().ready();
    expect((await post(`${again}/user/login`, { username: 'alice', password: PASSWORD })).status).toBe(201);
    expect((await fetch(`${again}/auth/getuser`, { headers: { authorization: `Bearer ${access}` } })).status).toBe(200);
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('answers accepted requests on %s, then exits with 0', async (signal) => {
    const process = processes.start({ ARGON2_MEMORY_KIB: '65536', ARGON2_TIME_COST: '2', HASH_CONCURRENCY: '1' });
    const url = await process.ready();
    const requests = Array.from({ length: 4 }, (_, i) =>
      post(`${url}/auth/register`, { username: `user${i}`, password: PASSWORD }),
    );
    // One has its answer, and the others wait for the hash queue. On a busy machine, much heavier
    // hashes would exceed the time that a stop may take.
    await Promise.race(requests);
    process.kill(signal);
    expect((await Promise.all(requests)).map(({ status }) => status)).toEqual([201, 201, 201, 201]);
    expect(await process.exited).toBe(0);
    await expect(fetch(`${url}/livez`)).rejects.toThrow();
  });

  it('does not wait for idle connections when it stops', async () => {
    const process = processes.start();
    const url = new URL(await process.ready());
    const idle = connect(Number(url.port), url.hostname);
    await new Promise((resolve) => idle.once('connect', resolve));
    process.kill('SIGTERM');
    expect(await process.exited).toBe(0);
    idle.destroy();
  });

  it('does not wait for a client that stalls in its request when it stops', async () => {
    const process = processes.start();
    const url = new URL(await process.ready());
    const stalled = connect(Number(url.port), url.hostname);
    stalled.on('error', () => undefined);
    stalled.write(
      'POST /auth/token HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{',
    );
    // Its answer shows that the service has accepted the stalled connection.
    await fetch(new URL('/livez', url));
    process.kill('SIGTERM');
    expect(await process.exited).toBe(0);
    stalled.destroy();
  });

  it('logs only JSON lines', async () => {
    const process = processes.start();
    const url = await process.ready();
    await fetch(`${url}/livez`);
    process.kill('SIGTERM');
    await process.exited;
    for (const line of process.stdout.trim().split('\n')) expect(JSON.parse(line)).toHaveProperty('msg');
    expect(process.stderr).toBe('');
  });
});

describe('The secret of the embedded store', () => {
  const processes = processesOfEachTest(embeddedStore);

  it('is made at the first start, readable by its owner only', async () => {
    await processes.start().ready();
    const path = join(processes.store.env['DATA_DIR']!, 'auth-secret');
    expect(readFileSync(path, 'utf8').trim().length).toBeGreaterThanOrEqual(43);
    if (process.platform !== 'win32') expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  // Windows has no permission bits.
  it.skipIf(process.platform === 'win32')('is refused when other users can read it', async () => {
    const path = join(processes.store.env['DATA_DIR']!, 'auth-secret');
    writeFileSync(path, randomBytes(48).toString('base64url'));
    chmodSync(path, 0o644);
    const process_ = processes.start();
    expect(await process_.exited).toBe(1);
    expect(process_.stderr).toBe(
      'latchkey: DATA_DIR: the file auth-secret is open to other users; run chmod 600 on it\n',
    );
  });
});

// Windows has no permission bits and no device files.
describe.skipIf(process.platform === 'win32')('The start of the embedded store', () => {
  const processes = processesOfEachTest(embeddedStore);
  const secret = randomBytes(48).toString('base64url');
  const file = (name: string) => join(processes.store.env['DATA_DIR']!, name);

  /** Starts the service, which must refuse to run. Returns its one line. */
  async function refusal(env: Record<string, string> = {}): Promise<string> {
    const service = processes.start(env);
    expect(await service.exited).toBe(1);
    expect(service.stderr.trim().split('\n')).toHaveLength(1);
    return service.stderr.replace(/^latchkey: /, '').trim();
  }

  /** Runs TypeORM's migrations, which must fail. Returns the output. */
  function migrationRefusal(env: Record<string, string> = {}): string {
    const command = ['node_modules/typeorm/cli.js', 'migration:run', '-d', 'dist/ormconfig.js'];
    const options = { env: { ...processes.store.env, ...env }, encoding: 'utf8', timeout: 20_000 } as const;
    const { status, stdout, stderr } = spawnSync(process.execPath, command, options);
    expect(status).toBe(1);
    return stdout + stderr;
  }

  it.each(['latchkey.sqlite', 'latchkey.sqlite-wal', 'latchkey.sqlite-shm'])(
    'is refused over a file that is open to all users: %s',
    async (name) => {
      writeFileSync(file('latchkey.sqlite'), '', { mode: 0o600 });
      writeFileSync(file(name), '');
      chmodSync(file(name), 0o644);
      const line = 'DATA_DIR: the store in it is open to ';
      expect(await refusal({ AUTH_SECRET: secret })).toContain(line);
      expect(migrationRefusal()).toContain(line);
    },
  );

  it('is refused over a folder that is open to all users', async () => {
    chmodSync(file('.'), 0o755);
    const line = 'DATA_DIR: the folder is open to all users of this machine; run chmod o= on it';
    expect(await refusal({ AUTH_SECRET: secret })).toBe(line);
    expect(await refusal()).toBe(line);
    expect(migrationRefusal()).toContain(line);
  });

  it('is refused at once over a pipe in place of a file', async () => {
    for (const name of ['auth-secret', 'latchkey.sqlite']) execFileSync('mkfifo', ['-m', '600', file(name)]);
    expect(await refusal()).toBe('DATA_DIR: the file auth-secret is not a regular file');
    expect(await refusal({ AUTH_SECRET_FILE: file('auth-secret') })).toBe(
      'AUTH_SECRET_FILE: the file is not a regular file',
    );
    expect(await refusal({ AUTH_SECRET: secret })).toBe('DATA_DIR: the file of the store is not a regular file');
  });

  // Only Linux has /proc, where not even root can make a folder.
  it.runIf(process.platform === 'linux')('is refused at once where no folder can be made', async () => {
    const DATA_DIR = '/proc/latchkey/data';
    expect(await refusal({ DATA_DIR })).toBe('DATA_DIR: cannot be used (ENOENT)');
    expect(await refusal({ DATA_DIR, AUTH_SECRET: secret })).toBe(
      'DATA_DIR: the store in it cannot be opened (ENOENT)',
    );
    expect(migrationRefusal({ DATA_DIR })).toContain('DATA_DIR: the store in it cannot be opened (ENOENT)');
  });

  it('makes a store that no other user can read', async () => {
    await processes.start().ready();
    for (const name of readdirSync(file('.'))) expect([name, statSync(file(name)).mode & 0o077]).toEqual([name, 0]);
  });
});

describe('A bad configuration', () => {
  const processes = processesOfEachTest();

  it('stops the start with one line that names every wrong variable and no value', async () => {
    const process = processes.start({
      PORT: 'x',
      LOG_LEVEL: 'loud',
      DATABASE_URL: 'postgres://user:hunter2hunter2@127.0.0.1/db',
      AUTH_SECRET: 'hunter2',
    });
    expect(await process.exited).toBe(1);
    expect(process.stdout).toBe('');
    expect(process.stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(process.stderr).toMatch(/^latchkey: /);
    for (const name of ['PORT', 'LOG_LEVEL', 'DATABASE_URL', 'AUTH_SECRET'])
      expect(process.stderr).toContain(`${name}: `);
    expect(process.stderr).not.toContain('hunter2');
  });

  it('stops the start with one line when the port is in use', async () => {
    const url = new URL(await processes.start().ready());
    const process = processes.start({ PORT: url.port });
    expect(await process.exited).toBe(1);
    expect(process.stderr).toMatch(/^latchkey: PORT: .*\n$/);
  });

  // The embedded store would start with a secret of its own, so the file could stay unread.
  it.runIf(inject('mysqlUrl'))('reads secrets from files', async () => {
    const folder = embeddedStore();
    const path = join(folder.env['DATA_DIR']!, 'secret');
    writeFileSync(path, `${processes.store.env['AUTH_SECRET'] ?? ''}\n`, { mode: 0o600 });
    const url = await processes.start({ AUTH_SECRET: '', AUTH_SECRET_FILE: path }).ready();
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    await folder.dispose();
  });
});
