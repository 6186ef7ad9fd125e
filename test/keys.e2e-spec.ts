import { execFile } from 'node:child_process';
import { createPublicKey, randomBytes, type JsonWebKey } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import jsonwebtoken from 'jsonwebtoken';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PASSWORD, register } from './support/accounts.js';
import { type Service, startService, TEST_ENV } from './support/service.js';
import { newStore } from './support/store.js';
import { headerOf } from './support/tokens.js';

const DAY = 24 * 3600;
const LEAD = 720;
const CLI = fileURLToPath(new URL('../dist/bundle/latchkey.js', import.meta.url));

let service: Service;
beforeEach(async () => {
  service = await startService({
    env: { SESSION_MAX_AGE: String(5 * 365 * DAY), REFRESH_TOKEN_TTL: String(365 * DAY) },
  });
});
afterEach(() => service.stop());

type Jwk = JsonWebKey & { kid: string };
const jwks = async (at = service) => (await at.client.get('/.well-known/jwks.json')).body.keys as Jwk[];
const kids = async (at = service) => (await jwks(at)).map(({ kid }) => kid);
const kidOf = (token: string) => headerOf(token).kid;
const renew = async (refresh_token: string, at = service) =>
  (await at.client.post('/user/login/refresh', { refresh_token })).body.access_token as string;
const getUser = async (access: string, at = service) => (await at.client.get('/auth/getuser', access)).status;

describe('The rotation of keys', () => {
  it('publishes a key for a whole cache time before it signs, and until its last token has expired', async () => {
    const { refresh, access } = await register(service.client);
    const [first] = await kids();
    expect(kidOf(access)).toBe(first);

    // The lead is two cache times and an allowance for clocks that differ, see KeySchedule.
    service.clock.advance(30 * DAY - LEAD - 1);
    expect(await kids()).toHaveLength(1);
    // A replica uses the keys that it has read for a minute.
    service.clock.advance(60);
    expect(await kids()).toHaveLength(2);
    const [second] = await kids();
    const last = await renew(refresh);
    expect(kidOf(last)).toBe(first);

    service.clock.advance(LEAD - 1);
    expect(kidOf(await renew(refresh))).toBe(first);
    service.clock.advance(1);
    const renewed = await renew(refresh);
    expect(kidOf(renewed)).toBe(second);
    expect([await getUser(last), await getUser(renewed)]).toEqual([200, 200]);
    expect(await kids()).toEqual([second, first]);

    service.clock.advance(2 * DAY);
    expect(await kids()).toEqual([second]);
    expect(kidOf(await renew(refresh))).toBe(second);
  });

  it('repeats for years', async () => {
    const { refresh } = await register(service.client);
    const signers = new Set<string>();
    for (let month = 0; month < 24; month++) {
      service.clock.advance(14 * DAY);
      const access = await renew(refresh);
      signers.add(kidOf(access));
      expect(await getUser(access)).toBe(200);
      expect((await kids()).length).toBeLessThanOrEqual(2);
    }
    // The test looks every fortnight, so each key is made at the third look.
    expect(signers.size).toBe(8);
  });

  it('gives all replicas the same keys, including a replica that was idle', async () => {
    const { username, refresh } = await register(service.client);
    const asleep = await startService({ store: service.store, clock: service.clock });
    expect(await kids(asleep)).toEqual(await kids());
    service.clock.advance(31 * DAY);
    const [one, two] = await Promise.all([renew(refresh), renew(refresh, asleep)]);
    expect(kidOf(one)).toBe(kidOf(two));
    for (const at of [service, asleep]) expect([await getUser(one, at), await getUser(two, at)]).toEqual([200, 200]);
    expect(await kids(asleep)).toEqual(await kids());
    const login = await asleep.client.post('/auth/token', { username, password: PASSWORD });
    expect(await getUser(login.body.access as string)).toBe(200);
    await asleep.stop();
  });

  it('makes a replica find a key that another replica has just made', async () => {
    const other = await startService({ store: service.store, clock: service.clock });
    const { access } = await register(service.client);
    const cli = await keysCli(['retire', kidOf(access)]);
    expect(cli.stdout).toMatch(/retired/);
    // A replica reads the keys again as soon as it meets an unknown one, even within the minute.
    service.clock.advance(61);
    const { access: later } = await register(service.client);
    expect(kidOf(later)).not.toBe(kidOf(access));
    expect(await getUser(later, other)).toBe(200);
    await other.stop();
  });
});

describe('The JWKS', () => {
  it('is cacheable, and answers 304 to a client that has it', async () => {
    const response = await fetch(`${service.url}/.well-known/jwks.json`);
    const etag = response.headers.get('etag')!;
    expect(response.headers.get('cache-control')).toBe('public, max-age=300');
    for (const known of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      const again = await fetch(`${service.url}/.well-known/jwks.json`, { headers: { 'if-none-match': known } });
      expect([again.status, await again.text(), again.headers.get('etag')]).toEqual([304, '', etag]);
    }
    const other = await fetch(`${service.url}/.well-known/jwks.json`, { headers: { 'if-none-match': '"other"' } });
    expect(other.status).toBe(200);
    service.clock.advance(30 * DAY);
    expect((await fetch(`${service.url}/.well-known/jwks.json`)).headers.get('etag')).not.toBe(etag);
  });

  it('parses a list of white space as fast as any other list of its length', async () => {
    const times = async (known: string) => {
      const all: number[] = [];
      for (let i = 0; i < 15; i++) {
        const startedAt = performance.now();
        await fetch(`${service.url}/.well-known/jwks.json`, { headers: { 'if-none-match': known } });
        all.push(performance.now() - startedAt);
      }
      return Math.min(...all);
    };
    const plain = await times(`"${'x'.repeat(7_500)}"`);
    // With quadratic time each would take half a second.
    for (const list of [`"a"${' '.repeat(7_500)}"b"`, `"a"${'\t'.repeat(7_500)}"b"`, `"a"${','.repeat(7_500)}"b"`])
      expect(await times(list)).toBeLessThan(10 * plain + 5);
  });

  it('verifies a token that was just issued', async () => {
    const { access } = await register(service.client);
    const key = createPublicKey({ key: (await jwks())[0]!, format: 'jwk' });
    expect(
      jsonwebtoken.verify(access, key, { algorithms: ['ES256'], clockTimestamp: service.clock.now() / 1000 }),
    ).toBeTruthy();
  });
});

/** Runs `latchkey keys` over this test's store, with the real clock. */
async function keysCli(args: string[], env: Record<string, string> = {}) {
  const options = { env: { ...TEST_ENV, ...service.store.env, ...env } };
  try {
    return { ...(await promisify(execFile)(process.execPath, [CLI, 'keys', ...args], options)), code: 0 };
  } catch (error) {
    return error as { stdout: string; stderr: string; code: number };
  }
}

describe('latchkey keys', () => {
  it('lists, rotates and retires keys', async () => {
    const { access } = await register(service.client);
    const first = kidOf(access);
    expect((await keysCli(['list'])).stdout).toMatch(new RegExp(`^${first}  signing    signs from \\S+Z\\n$`));

    const rotated = (await keysCli(['rotate'])).stdout.trim().split('\n');
    expect(rotated).toHaveLength(2);
    expect(rotated[0]).toMatch(/verifying {2}signs from/);
    expect(rotated[1]).toMatch(new RegExp(`^${first}  signing`));

    const retired = await keysCli(['retire', first]);
    expect(retired.stdout).toMatch(new RegExp(`^\\S+  signing .*\\n${first}  retired`));
    service.clock.advance(61);
    expect(await getUser(access)).toBe(401);
    const { access: later } = await register(service.client);
    expect(await getUser(later)).toBe(200);
  });

  // A dash in front is part of the id, even where it reads like the option for help.
  it.each(['nothing', `-${'k'.repeat(42)}`, `-h${'k'.repeat(41)}`])(
    'exits with 1 and one line for a key that does not exist: %s',
    async (kid) => {
      const stderr = `latchkey: there is no key ${kid} in use\n`;
      expect(await keysCli(['retire', kid])).toMatchObject({ code: 1, stderr });
    },
  );

  it('exits with 1 and one line for a wrong configuration', async () => {
    const { code, stdout, stderr } = await keysCli(['list'], { PORT: 'x' });
    expect([code, stdout, stderr]).toEqual([1, '', 'latchkey: PORT: must be a whole number\n']);
  });
});

describe('AUTH_SECRET', () => {
  it('can be changed on one replica while another still uses the old one', async () => {
    const old = randomBytes(32).toString('base64url');
    const AUTH_SECRET = randomBytes(32).toString('base64url');
    const store = await newStore();
    const first = await startService({ store, clock: service.clock, env: { AUTH_SECRET: old } });
    const second = await startService({ store, clock: service.clock, env: { AUTH_SECRET, AUTH_SECRET_PREVIOUS: old } });
    // The second replica has sealed the keys again, and the first replica reads them again.
    service.clock.advance(61);
    const { access } = await register(first.client);
    expect([await getUser(access, first), await getUser(access, second)]).toEqual([200, 200]);
    expect(await kids(first)).toEqual(await kids(second));
    await second.stop();
    await first.stop();
    await store.dispose();
  });

  it('can be changed without ending any session', async () => {
    const secrets = Array.from({ length: 2 }, () => randomBytes(32).toString('base64url')) as [string, string];
    const start = (AUTH_SECRET: string, AUTH_SECRET_PREVIOUS = '') =>
      startService({ store: service.store, clock: service.clock, env: { AUTH_SECRET, AUTH_SECRET_PREVIOUS } });
    const original = service.store.env['AUTH_SECRET'];
    // The secret that the embedded store made is replaced by the one that is set.
    const present =
      original ?? (await import('node:fs')).readFileSync(`${service.store.env['DATA_DIR']}/auth-secret`, 'utf8').trim();

    const { access, refresh } = await register(service.client);
    const second = await start(secrets[0], present);
    expect(await getUser(access, second)).toBe(200);
    const rotated = await second.client.post('/auth/token/refresh', { refresh });
    expect(rotated.status).toBe(200);
    // The old secret signed the parent, the new one the successor. A retry gets the same successor.
    const again = await second.client.post('/auth/token/refresh', { refresh });
    expect([again.status, again.body.refresh]).toEqual([200, rotated.body.refresh]);
    const waiting = await register(second.client);
    await second.stop();

    // The keys have been sealed again, so they no longer need the previous secret.
    const third = await start(secrets[0]);
    expect(await getUser(access, third)).toBe(200);
    expect((await third.client.post('/auth/token/refresh', { refresh: rotated.body.refresh })).status).toBe(200);
    await third.stop();

    // A retry gets a successor from under the previous secret again, byte for byte.
    const fourth = await start(secrets[0]);
    const made = await fourth.client.post('/auth/token/refresh', { refresh: waiting.refresh });
    await fourth.stop();
    const fifth = await start(secrets[1], secrets[0]);
    const repeated = await fifth.client.post('/auth/token/refresh', { refresh: waiting.refresh });
    expect([repeated.status, repeated.body.refresh]).toEqual([200, made.body.refresh]);
    await fifth.stop();

    await expect(start(randomBytes(32).toString('base64url'))).rejects.toThrow(/^AUTH_SECRET: is not the one/);
  });
});
