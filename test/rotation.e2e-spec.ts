import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PASSWORD, register, signUp } from './support/accounts.js';
import { type Service, startService } from './support/service.js';

const WINDOW = 30;

let service: Service;
let replica: Service;
beforeAll(async () => {
  service = await startService();
  replica = await startService({ store: service.store, clock: service.clock });
});
afterAll(async () => {
  await replica.stop();
  await service.stop();
});

const refresh = async (token: string, at = service) => {
  const reply = await at.client.post('/auth/token/refresh', { refresh: token });
  return { status: reply.status, refresh: reply.body.refresh as string, access: reply.body.access as string, reply };
};
const refreshB = (refresh_token: string) => service.client.post('/user/login/refresh', { refresh_token });
const getUser = (access: string) => service.client.get('/auth/getuser', access);
const challengeOf = async (access: string) => (await getUser(access)).headers.get('www-authenticate');
const sessionOf = (token: string) =>
  (JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()) as { sid: string }).sid;
const eventsOf = (sid: string) =>
  [...service.log, ...replica.log].filter((line) => line['event'] && line['session'] === sid);

describe('inside the replay window', () => {
  it('the parent gets the same successor byte for byte, and a fresh access token, on every replica', async () => {
    const { refresh: parent } = await register(service.client);
    const first = await refresh(parent);
    service.clock.advance(WINDOW - 1);
    const others = [await refresh(parent), await refresh(parent, replica)];
    for (const other of others) {
      expect([other.status, other.refresh]).toEqual([200, first.refresh]);
      expect(other.access).not.toBe(first.access);
      expect((await getUser(other.access)).status).toBe(200);
    }
    expect((await refresh(first.refresh)).status).toBe(200);
  });

  it('the parent is good for an access token at B', async () => {
    const { refresh: parent } = await signUp(service.client);
    await refresh(parent);
    expect((await refreshB(parent)).status).toBe(201);
  });

  it('browser tabs that share a refresh token converge', async () => {
    const { refresh: shared } = await register(service.client);
    const tabs = await Promise.all(Array.from({ length: 12 }, (_, i) => refresh(shared, i % 2 ? service : replica)));
    expect(new Set(tabs.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set(tabs.map(({ refresh: successor }) => successor)).size).toBe(1);
    expect((await refresh(tabs[0]!.refresh)).status).toBe(200);
  });

  it('a grandparent is a replay', async () => {
    const { refresh: grandparent } = await register(service.client);
    const parent = await refresh(grandparent);
    await refresh(parent.refresh);
    expect((await refresh(grandparent)).status).toBe(401);
    expect((await refresh(parent.refresh)).status).toBe(401);
  });
});

describe.each([
  ['A', async (token: string) => (await refresh(token)).reply],
  ['B', refreshB],
] as const)('a replay at contract %s', (_, replay) => {
  it('ends that session with its newest tokens, and no other of the account, and is logged once', async () => {
    const { username, refresh: stolen, access } = await register(service.client);
    const other = await service.client.post('/auth/token', { username, password: PASSWORD });
    const newest = await refresh(stolen);
    service.clock.advance(WINDOW);

    const reply = await replay(stolen);
    expect(reply.status).toBe(401);
    expect(reply.headers.get('www-authenticate')).toBe('Bearer error="invalid_token", error_description="rotated"');
    for (const token of [access, newest.access]) expect((await getUser(token)).status).toBe(401);
    expect((await refresh(newest.refresh)).status).toBe(401);
    expect((await refreshB(newest.refresh)).status).toBe(401);
    expect((await getUser(other.body.access as string)).status).toBe(200);

    await replay(stolen);
    expect(eventsOf(sessionOf(stolen))).toMatchObject([{ level: 'warn', event: 'refresh_token_replayed' }]);
    const rows = await service.dataSource.query<{ revoked_reason: string }[]>(
      'SELECT revoked_reason FROM sessions WHERE id = ?',
      [sessionOf(stolen)],
    );
    expect(rows).toEqual([{ revoked_reason: 'replay' }]);
  });
});

describe('at the end of a token’s life', () => {
  it('the parent still gets its successor inside the window, and outside of it is a replay', async () => {
    const short = await startService({
      store: service.store,
      clock: service.clock,
      env: { ACCESS_TOKEN_TTL: '60', REFRESH_TOKEN_TTL: '60', SESSION_MAX_AGE: '600' },
    });
    const { refresh: parent } = await register(short.client);
    short.clock.advance(58);
    const child = await refresh(parent, short);
    short.clock.advance(4);
    expect(await refresh(parent, short)).toMatchObject({ status: 200, refresh: child.refresh });
    short.clock.advance(WINDOW);
    expect((await refresh(parent, short)).status).toBe(401);
    expect((await refresh(child.refresh, short)).status).toBe(401);
    await short.stop();
  });
});

describe('REFRESH_REPLAY_WINDOW=0', () => {
  it('makes every second use a replay', async () => {
    const strict = await startService({
      store: service.store,
      clock: service.clock,
      env: { REFRESH_REPLAY_WINDOW: '0' },
    });
    const { refresh: parent } = await register(strict.client);
    const child = await refresh(parent, strict);
    expect((await refresh(parent, strict)).status).toBe(401);
    expect((await refresh(child.refresh, strict)).status).toBe(401);
    await strict.stop();
  });
});

describe('why a token is refused', () => {
  const reason = (description: string) => `Bearer error="invalid_token", error_description="${description}"`;

  it('is told for tokens that we did sign', async () => {
    const loggedOut = await register(service.client);
    await service.client.delete('/user/login', { access_token: loggedOut.access, refresh_token: loggedOut.refresh });
    expect(await challengeOf(loggedOut.access)).toBe(reason('revoked by logout'));

    const replayed = await register(service.client);
    await refresh(replayed.refresh);
    service.clock.advance(WINDOW);
    await refresh(replayed.refresh);
    expect(await challengeOf(replayed.access)).toBe(reason('revoked by replay'));

    const disabled = await register(service.client);
    await service.dataSource.query('UPDATE users SET disabled_at = 1 WHERE username = ?', [disabled.username]);
    expect(await challengeOf(disabled.access)).toBe(reason('account disabled'));

    const ended = await register(service.client);
    await service.client.call('DELETE', '/account/sessions?all=true', { bearer: ended.access });
    expect(await challengeOf(ended.access)).toBe(reason('revoked'));

    const expired = await register(service.client);
    service.clock.advance(1000);
    expect(await challengeOf(expired.access)).toMatch(
      /^Bearer error="invalid_token", error_description="expired 10[01] seconds ago"$/,
    );
  });

  it('is not told for anything else, and the body stays as the contract prints it', async () => {
    const { access } = await register(service.client);
    const forged = `${access.slice(0, -4)}AAAA`;
    for (const token of ['x', forged]) expect(await challengeOf(token)).toBe('Bearer error="invalid_token"');
    const reply = await service.client.post('/auth/token/verify', { token: forged });
    expect(reply.text).toBe('{"detail":"token is invalid or expired","code":"token_not_valid"}');
  });
});

describe('disabling by the statement of docs/sessions.md', () => {
  it('keeps sessions dead when the account is enabled again', async () => {
    const account = await register(service.client);
    for (let i = 0; i < 2; i++) await service.client.call('DELETE', '/account/sessions', { bearer: account.access });
    const text = await readFile(new URL('../docs/sessions.md', import.meta.url), 'utf8');
    const statement = /UPDATE users SET disabled_at = .*;/.exec(text)![0].replace("'alice'", '?').replace(';', '');
    const spoken = service.store.isMySql ? statement : statement.replace('UNIX_TIMESTAMP()', 'unixepoch()');
    await service.dataSource.query(spoken, [account.username]);
    expect((await getUser(account.access)).status).toBe(401);
    await service.dataSource.query('UPDATE users SET disabled_at = NULL WHERE username = ?', [account.username]);
    expect((await getUser(account.access)).status).toBe(401);
    expect((await refresh(account.refresh)).status).toBe(401);
  });
});

describe('last use', () => {
  it('is written once a minute', async () => {
    const { access, refresh: token } = await register(service.client);
    const lastUse = async () => {
      const rows = await service.dataSource.query<{ last_used_at: unknown }[]>(
        'SELECT last_used_at FROM sessions WHERE id = ?',
        [sessionOf(token)],
      );
      return Number(rows[0]?.last_used_at);
    };
    const opened = await lastUse();
    service.clock.advance(59);
    await getUser(access);
    expect(await lastUse()).toBe(opened);
    service.clock.advance(1);
    await getUser(access);
    expect(await lastUse()).toBe(opened + 60_000);
  });
});

describe('dates past 2038', () => {
  it('work from login to logout', async () => {
    const far = await startService();
    far.clock.advance(80 * 365 * 24 * 3600);
    const { access, refresh: token } = await register(far.client);
    const rotated = await refresh(token, far);
    expect(rotated.status).toBe(200);
    expect((await far.client.get('/auth/getuser', rotated.access)).status).toBe(200);
    expect(
      (await far.client.delete('/user/login', { access_token: access, refresh_token: rotated.refresh })).status,
    ).toBe(204);
    await far.stop();
  });
});
