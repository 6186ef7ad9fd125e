import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Libsql from 'libsql';
import { createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { canSeeProcesses, familyOf } from '../support/family.js';
import { ServiceProcess } from '../support/process.js';
import { exchange } from '../support/raw-http.js';
import { newStore, type Store } from '../support/store.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { partOf, SIGNATURE } from '../support/tokens.js';

/** Returns a random secret whose spelling differs in each encoding. */
const canary = (name: string) => `${name} ü+/&=%? ${randomBytes(12).toString('hex')}`;

const SECRETS = {
  password: canary('password'),
  wrongPassword: canary('wrong'),
  nextPassword: canary('next'),
  secondPassword: canary('second'),
  authSecret: `auth-${randomBytes(24).toString('hex')}`,
  previousSecret: `previous-${randomBytes(24).toString('hex')}`,
  clientSecret: `client-${randomBytes(24).toString('hex')}`,
  wrongClientSecret: `wrong-client-${randomBytes(24).toString('hex')}`,
};
const CLIENTS = `resource-server:${createHash('sha256').update(SECRETS.clientSecret).digest('hex')}`;

let store: Store;
let folder: string;
let proxy: TcpProxy | undefined;
let service: ServiceProcess;
let url: string;
/** The secrets that must not leak, by name. */
const secrets = new Map<string, string>(Object.entries(SECRETS));
/** The headers and the body of every refusal. */
const refusals: string[] = [];
const statuses = new Set<number>();

beforeAll(async () => {
  store = await newStore();
  folder = mkdtempSync(join(tmpdir(), 'latchkey-secrets-'));
  const env = { ...store.env };
  if (env['DATABASE_URL']) {
    const database = new URL(env['DATABASE_URL']);
    secrets.set('database password', decodeURIComponent(database.password));
    proxy = new TcpProxy(new URL(env['DATABASE_URL']));
    database.host = `127.0.0.1:${await proxy.listen()}`;
    env['DATABASE_URL'] = database.href;
  }
  service = new ServiceProcess({
    DATA_DIR: folder,
    ...env,
    AUTH_SECRET: SECRETS.authSecret,
    AUTH_SECRET_PREVIOUS: SECRETS.previousSecret,
    INTROSPECTION_CLIENTS: CLIENTS,
    LOG_LEVEL: 'trace',
    RATE_LIMIT: 'off',
    SWAGGER: 'on',
  });
  url = await service.ready();
}, 60_000);
afterAll(async () => {
  service.kill('SIGKILL');
  await service.exited;
  proxy?.end();
  await store.dispose();
  rmSync(folder, { recursive: true, force: true });
});

interface Call {
  readonly bearer?: string;
  readonly basic?: string;
  readonly json?: unknown;
  readonly raw?: string;
  readonly type?: string;
}

async function call(method: string, path: string, { bearer, basic, json, raw, type }: Call = {}) {
  const headers = {
    ...(bearer !== undefined && { authorization: `Bearer ${bearer}` }),
    ...(basic !== undefined && {
      authorization: `Basic ${Buffer.from(`resource-server:${basic}`).toString('base64')}`,
    }),
    'content-type': type ?? 'application/json',
  };
  const body = raw ?? (json === undefined ? undefined : JSON.stringify(json));
  const response = await fetch(url + path, { method, headers, ...(body !== undefined && { body }) });
  const text = await response.text();
  statuses.add(response.status);
  if (response.status >= 400) refusals.push(JSON.stringify([...response.headers, text]));
  return { status: response.status, text };
}

/** Returns the tokens of an answer, and remembers each of them as a secret. */
function tokensOf({ text }: { text: string }): { access: string; refresh: string } {
  const body = JSON.parse(text) as Record<string, string>;
  for (const token of Object.values(body)) {
    secrets.set(`token ${secrets.size}`, token);
    secrets.set(`signature ${secrets.size}`, partOf(token, SIGNATURE));
  }
  return { access: body['access'] ?? body['access_token']!, refresh: body['refresh'] ?? body['refresh_token']! };
}

const form = (fields: Record<string, string>) => ({
  type: 'application/x-www-form-urlencoded',
  raw: new URLSearchParams(fields).toString(),
});

/** Calls every route with valid and with invalid requests. */
async function everyRoute(name: string): Promise<void> {
  const { password, wrongPassword, nextPassword, secondPassword, clientSecret, wrongClientSecret } = SECRETS;
  const email = `${name}@example.com`;
  const names = { username: `${name}-b`, email, first_name: 'B', last_name: '' };

  const a = tokensOf(await call('POST', '/auth/register', { json: { username: name, password } }));
  const b = tokensOf(await call('POST', '/user/signup', { json: { ...names, password: secondPassword } }));
  const a2 = tokensOf(await call('POST', '/auth/token', form({ username: name, password })));
  const b2 = tokensOf(await call('POST', '/user/login', { json: { username: email, password: secondPassword } }));
  const a3 = tokensOf(await call('POST', '/auth/token/refresh', { json: { refresh: a2.refresh } }));
  tokensOf(await call('POST', '/user/login/refresh', { json: { refresh_token: b2.refresh } }));
  for (const token of [a3.access, a3.refresh, `${a3.access}x`]) {
    await call('POST', '/auth/token/verify', { json: { token } });
    await call('GET', '/auth/getuser', { bearer: token });
    for (const basic of [clientSecret, wrongClientSecret])
      await call('POST', '/oauth/introspect', { ...form({ token }), basic });
  }
  await call('GET', '/account/sessions', { bearer: a.access });
  await call('POST', '/account/password', {
    bearer: a.access,
    json: { current_password: wrongPassword, new_password: password },
  });
  await call('POST', '/account/password', {
    bearer: a.access,
    json: { current_password: password, new_password: nextPassword },
  });
  await call('POST', '/account/password', {
    bearer: a.access,
    json: { current_password: nextPassword, new_password: password },
  });
  await call('DELETE', '/account/sessions?scope=others', { bearer: a.access });
  await call('DELETE', `/account/sessions/${a.refresh}`, { bearer: a.access });
  await call('DELETE', '/user/login', { json: { access_token: b.access, refresh_token: a.refresh } });
  await call('DELETE', '/user/login', { json: { access_token: b.access, refresh_token: b.refresh } });
  await call('POST', '/oauth/revoke', { ...form({ token: b2.refresh }), basic: clientSecret });
  // A replay.
  await call('POST', '/auth/token/refresh', { json: { refresh: a2.refresh } });
  for (const path of [
    '/livez',
    '/readyz',
    '/openapi.json',
    '/.well-known/jwks.json',
    '/.well-known/oauth-authorization-server',
  ])
    await call('GET', path);

  for (const path of ['/auth/register', '/auth/token', '/user/signup', '/user/login']) {
    const json = { ...names, username: name, password: wrongPassword };
    await call('POST', path, { json });
    await call('POST', path, { raw: JSON.stringify(json).slice(0, -2) });
    await call('POST', path, { raw: `password=${wrongPassword}` });
    await call('POST', path, { raw: wrongPassword, type: 'text/plain' });
    await call('POST', path, { json: { ...json, password: { value: wrongPassword } } });
    // A user types the password into the wrong field.
    await call('POST', path, {
      json: { ...json, username: wrongPassword, email: wrongPassword, first_name: `\n${wrongPassword}` },
    });
    // A client puts credentials into the URL.
    const [typed, token] = [encodeURIComponent(wrongPassword), a.access];
    await call('POST', `${path}?username=${name}&password=${typed}&access_token=${token}`, { json });
    await call('POST', `${path}?password=${typed}&token=${token}&%`, { json });
    await call('POST', `${path}/%zz?password=${typed}`, { json });
    await call('POST', `${path}/${token}`, { json });
    await call('PUT', `${path}?password=${typed}`, { json });
    await call('POST', path, { json: { ...json, password: wrongPassword.repeat(600) } });
  }
  for (const nonsense of [`POST /auth/token HTTP/1.1\r\n${SECRETS.wrongPassword}\r\n\r\n`, `${a.access}\r\n\r\n`])
    refusals.push((await exchange(url, nonsense)).toString());
}

/** Runs statements on the store directly, bypassing the service. Returns the result of each. */
async function onStore(...statements: string[]): Promise<unknown[]> {
  const results: unknown[] = [];
  if (store.isMySql) {
    const connection = await createConnection(store.env['DATABASE_URL']!);
    for (const sql of statements) results.push((await connection.query(sql))[0]);
    await connection.end();
    return results;
  }
  const database = new Libsql(join(store.env['DATA_DIR']!, 'latchkey.sqlite'));
  for (const sql of statements) {
    const statement = database.prepare(sql);
    results.push(sql.startsWith('SELECT') ? statement.all() : statement.run());
  }
  database.close();
  return results;
}

/** Returns all rows of all tables as JSON. Binary columns are decoded as Latin-1. */
async function everyRow(): Promise<string> {
  const list = store.isMySql
    ? 'SELECT table_name AS name FROM information_schema.tables WHERE table_schema = DATABASE()'
    : "SELECT name FROM sqlite_master WHERE type = 'table'";
  const [tables] = (await onStore(list)) as [{ name: string }[]];
  const rows = await onStore(...tables.map(({ name }) => `SELECT * FROM ${name}`));
  expect(tables.map(({ name }) => name)).toEqual(expect.arrayContaining(['users', 'sessions', 'signing_keys']));
  return JSON.stringify(rows, (_, value: unknown) =>
    isBytes(value) ? Buffer.from(value.data).toString('latin1') : value,
  );
}

function isBytes(value: unknown): value is { data: number[] } {
  return typeof value === 'object' && value !== null && (value as { type?: unknown }).type === 'Buffer';
}

/** Returns the secret in each encoding in which it may leak. */
function spellingsOf(secret: string): string[] {
  const bytes = Buffer.from(secret);
  // Inside a longer text, a secret starts at one of three offsets of a base64 group. Its first and
  // last characters mix with the adjacent bytes, and are left out.
  const base64 = [0, 1, 2].map((offset) =>
    Buffer.concat([Buffer.alloc(offset), bytes])
      .toString('base64')
      .slice(offset === 0 ? 0 : offset + 1)
      .replace(/.?.?.?=*$/, ''),
  );
  return [
    secret,
    JSON.stringify(secret).slice(1, -1),
    encodeURIComponent(secret),
    encodeURI(secret),
    new URLSearchParams({ '': secret }).toString().slice(1),
    bytes.toString('hex'),
    bytes.toString('hex').toUpperCase(),
    bytes.toString('latin1'),
    bytes.toString('utf16le'),
    ...base64,
    ...base64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_')),
  ];
}

/** Returns the names of the secrets that a text contains. */
function secretsIn(text: string): string[] {
  return [...secrets]
    .filter(([, secret]) => spellingsOf(secret).some((each) => text.includes(each)))
    .map(([name]) => name);
}

describe('Secrets', () => {
  it('are detected in every encoding', () => {
    const secret = SECRETS.password;
    const around = (text: string) => Buffer.from(`${text}${secret}${text}`);
    const written = ['', 'x', 'xx'].flatMap((text) => [
      around(text).toString(),
      around(text).toString('base64'),
      around(text).toString('base64url'),
      around(text).toString('hex'),
      encodeURIComponent(around(text).toString()),
      JSON.stringify({ text: around(text).toString() }),
    ]);
    for (const text of written) expect(secretsIn(text), text).toEqual(['password']);
    expect(secretsIn('nothing of the kind')).toEqual([]);
  });

  it('are sent to every route, before, during and after a failure of the store', { timeout: 60_000 }, async () => {
    await everyRoute('before');
    await onStore('ALTER TABLE users RENAME TO users_away');
    const { password, wrongPassword } = SECRETS;
    const tokens = [...secrets.values()].filter((secret) => secret.split('.').length === 3).slice(0, 2);
    const whileItFails = async () => {
      const json = { username: 'before', email: 'x@example.com', password, first_name: '', last_name: '' };
      for (const path of ['/auth/register', '/auth/token', '/user/signup', '/user/login'])
        await call('POST', path, { json });
      for (const token of tokens) {
        await call('POST', '/auth/token/verify', { json: { token } });
        await call('POST', '/auth/token/refresh', { json: { refresh: token } });
        await call('POST', '/user/login/refresh', { json: { refresh_token: token } });
        await call('GET', '/auth/getuser', { bearer: token });
        await call('POST', '/account/password', {
          bearer: token,
          json: { current_password: password, new_password: wrongPassword },
        });
        await call('POST', '/oauth/introspect', { ...form({ token }), basic: SECRETS.clientSecret });
        await call('DELETE', '/user/login', { json: { access_token: token, refresh_token: token } });
      }
    };
    await whileItFails();
    await onStore('ALTER TABLE users_away RENAME TO users');
    proxy?.close();
    if (proxy) await whileItFails();
    proxy?.open();
    await everyRoute('after');
    // Guards against a run that has silently skipped a part of the calls.
    const expected = [200, 201, 204, 400, 401, 404, 405, 409, 413, 415, 500, ...(proxy ? [503] : [])];
    expect([...statuses].sort((a, b) => a - b)).toEqual(expect.arrayContaining(expected));
  });

  it('do not appear in any refusal', () => {
    expect(refusals.length).toBeGreaterThan(100);
    for (const refusal of refusals) expect(secretsIn(refusal), refusal).toEqual([]);
  });

  it('do not appear in the log', () => {
    expect(service.stdout.split('\n').length).toBeGreaterThan(200);
    expect(service.stdout).toContain('"level":"error"');
    expect(secretsIn(service.stdout)).toEqual([]);
    expect(secretsIn(service.stderr)).toEqual([]);
    expect(service.stdout).not.toMatch(/\$argon2|PRIVATE KEY/);
  });

  it('do not appear in any column of the store', async () => {
    const rows = await everyRow();
    expect(rows).toContain('before@example.com');
    expect(secretsIn(rows)).toEqual([]);
  });

  it('do not appear in any file', () => {
    for (const each of new Set([folder, store.env['DATA_DIR'] ?? folder]))
      for (const file of readdirSync(each, { recursive: true, withFileTypes: true }).filter((entry) =>
        entry.isFile(),
      )) {
        const bytes = readFileSync(join(file.parentPath, file.name));
        expect([...secretsIn(bytes.toString()), ...secretsIn(bytes.toString('latin1'))], file.name).toEqual([]);
      }
  });

  // Only Linux has /proc.
  it.runIf(canSeeProcesses)('do not appear in process arguments or in the environment of child processes', () => {
    const [parent, ...children] = familyOf(service.pid);
    expect(children.length).toBeGreaterThan(0);
    const read = (pid: number, name: string) => readFileSync(`/proc/${pid}/${name}`).toString();
    for (const pid of [parent!, ...children]) expect(secretsIn(read(pid, 'cmdline'))).toEqual([]);
    for (const pid of children) {
      expect(secretsIn(read(pid, 'environ'))).toEqual([]);
      expect(read(pid, 'environ')).not.toMatch(/SECRET|DATABASE|CLIENTS/);
    }
  });

  // The embedded store has no password.
  it.runIf(inject('mysqlUrl'))('are not printed when the database refuses the password', async () => {
    const database = new URL(store.env['DATABASE_URL']!);
    database.password = SECRETS.clientSecret;
    const refused = new ServiceProcess({
      DATABASE_URL: database.href,
      AUTH_SECRET: SECRETS.authSecret,
      LOG_LEVEL: 'trace',
    });
    expect(await refused.exited).toBe(1);
    expect(secretsIn(refused.stdout + refused.stderr)).toEqual([]);
    expect(refused.stderr).toMatch(/^latchkey: DATABASE_URL: .*\n$/);
  });
});
