import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { ServiceProcess } from '../../../test/support/process.js';
import { embeddedStore } from '../../../test/support/store.js';
import { type RunningLatchkey, startLatchkey } from '../src/index.js';
import { KitProcess } from './support/program.js';

const DIST = fileURLToPath(new URL('../../../dist', import.meta.url));

/** Variables of a real service, with which the kit must not start. */
const REAL = [
  { DATABASE_URL: 'mysql://localhost/x' },
  { DATABASE_URL_FILE: '/tmp/x' },
  { AUTH_SECRET: 'x' },
  { AUTH_SECRET_FILE: '/tmp/x' },
  { AUTH_SECRET_PREVIOUS: 'x' },
  { AUTH_SECRET_PREVIOUS_FILE: '/tmp/x' },
  { NODE_ENV: 'production' },
];

let kit: RunningLatchkey;
beforeAll(async () => {
  kit = await startLatchkey();
});
afterEach(() => vi.unstubAllEnvs());
afterAll(() => kit.stop());

/** Sends a request whose `Host` can be chosen, unlike that of `fetch`. */
async function statusOf(path: string, headers: Record<string, string>, method = 'GET'): Promise<number | undefined> {
  const sent = request(kit.url + path, { method, headers }).end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  response.resume();
  return response.statusCode;
}

describe('Production', () => {
  it('has no code of the test kit in its build', () => {
    const files = readdirSync(DIST, { recursive: true, encoding: 'utf8' }).filter((name) => /\.(js|map)$/.test(name));

    expect(files.length).toBeGreaterThan(100);
    for (const name of files)
      expect(/\/_test\/|testkit/i.exec(readFileSync(join(DIST, name), 'utf8')), name).toBeNull();
  });

  it('has no route of the control plane, even with variables of the kit set', async () => {
    const { paths } = (await (await fetch(`${kit.url}/openapi.json`)).json()) as { paths: Record<string, object> };
    const operations = Object.entries(paths)
      .filter(([path]) => path.startsWith('/_test'))
      .flatMap(([path, methods]) => Object.keys(methods).map((method) => [method.toUpperCase(), path] as const));
    expect(operations.length).toBeGreaterThan(15);

    const store = embeddedStore();
    const variables = { LATCHKEY_TESTKIT: '1', LATCHKEY_URL: 'http://localhost', TESTKIT: 'on', NODE_ENV: 'test' };
    const service = new ServiceProcess({ ...store.env, ...variables });
    try {
      const url = await service.ready();
      for (const [method, path] of operations) {
        const response = await fetch(url + path.replace(/\{\w+\}/g, 'x'), { method });
        expect(response.status, `${method} ${path}`).toBe(404);
        expect(response.headers.get('x-latchkey-testkit')).toBeNull();
      }
    } finally {
      service.kill('SIGKILL');
      await service.exited;
      await store.dispose();
    }
  });
});

describe('The test kit', () => {
  it.each(REAL)('does not start as a program with %j', async (env) => {
    const program = new KitProcess(['--port', '0', '--json'], env);

    expect(await program.exited).toBe(1);
    expect(program.stdout).toBe('');
    expect(program.stderr).toContain(Object.keys(env)[0]);
  });

  it.each(REAL)('does not start in code with %j', async (env) => {
    const [[name, value]] = Object.entries(env) as [[string, string]];
    vi.stubEnv(name, value);

    await expect(startLatchkey()).rejects.toThrow(name);
  });

  it('takes no setting of a real service', async () => {
    await expect(startLatchkey({ settings: { DATABASE_URL: 'mysql://localhost/x' } })).rejects.toThrow('DATABASE_URL');
    await expect(kit.settings.change({ AUTH_SECRET: 'x'.repeat(32) })).rejects.toThrow('400');
  });

  it('listens on loopback, and signs with keys for tests', async () => {
    const { keys } = (await (await fetch(`${kit.url}/.well-known/jwks.json`)).json()) as { keys: { kid: string }[] };

    expect(kit.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(keys.length).toBeGreaterThan(0);
    for (const { kid } of keys) expect(kid).toMatch(/^testkit-/);
  });

  it.each(['/readyz', '/auth/token', '/nothing', '/t/w1/readyz', '/%', '/docs', '/_test/v1', '/_test/v1/nothing'])(
    'marks its answer to %s',
    async (path) => {
      expect((await fetch(kit.url + path)).headers.get('x-latchkey-testkit')).toBe('1');
    },
  );

  it('marks its answer to malformed HTTP', async () => {
    const socket = connect(Number(new URL(kit.url).port), '127.0.0.1');
    socket.write('GET / HTTP/1.1\r\nHost : x\r\n\r\n');

    expect(await text(socket)).toMatch(/^HTTP\/1\.1 400 Bad Request\r\nX-Latchkey-Testkit: 1\r\n/);
  });

  it.each(['GET', 'POST', 'OPTIONS'])('refuses a foreign Origin at the control plane, by %s', async (method) => {
    const port = Number(new URL(kit.url).port);
    for (const origin of ['null', 'https://example.com', `http://127.0.0.1:${port + 1}`, `https://127.0.0.1:${port}`])
      expect(await statusOf('/_test/v1/reset', { Origin: origin }, method), origin).toBe(403);
  });

  it('accepts its own Origin, which Swagger UI sends', async () => {
    const { host, port } = new URL(kit.url);

    expect(await statusOf('/_test/v1/reset', { Origin: `http://${host}` }, 'POST')).toBe(204);
    expect(await statusOf('/_test/v1', { Origin: `http://localhost:${port}`, Host: `localhost:${port}` })).toBe(200);
    expect(await statusOf('/_test/v1', { Origin: `http://localhost:${port}` })).toBe(403);
  });

  it.each(['example.com', 'localhost.example.com', '127.0.0.1.example.com', 'latchkey'])(
    'refuses the Host %s at the control plane',
    async (host) => {
      expect(await statusOf('/_test/v1', { Host: host })).toBe(403);
      expect(await statusOf('/t/w1/_test/v1', { Host: `${host}:80`, Origin: `http://${host}:80` })).toBe(403);
    },
  );

  it('accepts a Host that it was started with', async () => {
    await using named = await startLatchkey({ hosts: ['latchkey'] });
    const sent = request(`${named.url}/_test/v1`, { headers: { Host: 'Latchkey:4010' } }).end();
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    response.resume();

    expect(response.statusCode).toBe(200);
  });
});
