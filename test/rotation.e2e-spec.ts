import { createHash, createSecretKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import jsonwebtoken from 'jsonwebtoken';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { CONFIG, type Config } from '../src/platform/config/config.js';
import { SecurityEventsService } from '../src/events/security-events.service.js';
import { deriveKey } from '../src/keys/derive-key.js';
import { StatementsService } from '../src/platform/database/statements.service.js';
import { UpkeepService } from '../src/jobs/upkeep.service.js';
import { RotationsService } from '../src/sessions/rotations.service.js';
import { SessionsRepository } from '../src/users/sessions.repository.js';
import { PASSWORD, register, signUp } from './support/accounts.js';
import type { Reply } from './support/client.js';
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
const replaysOf = (sid: string) =>
  [...service.log, ...replica.log].filter((line) => line['event'] === 'replay' && line['session'] === sid);

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
    for (const { app } of [service, replica]) await app.get(SecurityEventsService).write();
    expect(replaysOf(sessionOf(stolen))).toMatchObject([{ level: 'warn', event: 'replay' }]);
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

describe('refreshes of many sessions at once', () => {
  /** What became of each session before its first refresh token is spent, and the answers to spending it. */
  const cases: [string, (account: Awaited<ReturnType<typeof register>>) => Promise<unknown>, number[]][] = [
    ['living', () => Promise.resolve(), [200]],
    ['living, and sent twice', () => Promise.resolve(), [200, 200]],
    ['refreshed just now', (account) => refresh(account.refresh, replica), [200]],
    ['refreshed twice', async (account) => refresh((await refresh(account.refresh, replica)).refresh, replica), [401]],
    [
      'logged out',
      (account) =>
        replica.client.delete('/user/login', { access_token: account.access, refresh_token: account.refresh }),
      [401],
    ],
    [
      'of a disabled account',
      ({ username }) => service.dataSource.query('UPDATE users SET disabled_at = 1 WHERE username = ?', [username]),
      [401],
    ],
    ['expired', ({ refresh: token }) => changeSession(token, 'expires_at = ?', 1), [401]],
    [
      'that may not last as long again',
      ({ refresh: token }) => changeSession(token, 'ends_at = ?', service.clock.now() + 3_600_000),
      [200],
    ],
    ['ended by another one of the account', ({ username }) => keepSession(username, 'another'), [401]],
    [
      'kept when the others were ended',
      ({ username, refresh: token }) => keepSession(username, sessionOf(token)),
      [200],
    ],
  ];
  const changeSession = (token: string, change: string, value: number) =>
    service.dataSource.query(`UPDATE sessions SET ${change} WHERE id = ?`, [value, sessionOf(token)]);
  const keepSession = (username: string, sid: string) =>
    service.dataSource.query(
      'UPDATE users SET session_epoch = 1, kept_epoch = 1, kept_session_id = ? WHERE username = ?',
      [sid, username],
    );

  it('are written together, each under its own condition', async () => {
    const spent = [];
    for (const [name, before, expected] of Array.from({ length: 6 }, () => cases).flat()) {
      const account = await register(service.client);
      await before(account);
      spent.push({ name, token: account.refresh, expected });
    }
    const statements = service.app.get(StatementsService).gathered;
    const write = statements.write.bind(statements);
    const rotations = vi.spyOn(service.app.get(RotationsService), 'rotate');
    const total = spent.flatMap(({ expected }) => expected).length;
    // The first ones take until all the others are there.
    const writes = vi.spyOn(statements, 'write').mockImplementation(async (sql, values) => {
      await vi.waitFor(() => {
        expect(rotations.mock.calls.length).toBeGreaterThanOrEqual(total);
      });
      return write(sql, values);
    });

    const answers = await Promise.all(
      spent.map(async ({ name, token, expected }) => {
        const replies = await Promise.all(expected.map(() => refresh(token)));
        return { name, replies };
      }),
    );
    const updates = writes.mock.calls.map(([sql]) => sql).filter((sql) => sql.includes('SET refresh_counter'));
    rotations.mockRestore();
    writes.mockRestore();

    expect(updates.length).toBeLessThan(12);
    expect(updates.some((sql) => sql.includes('CASE'))).toBe(true);
    expect(answers.map(({ name, replies }) => [name, ...replies.map(({ status }) => status)])).toEqual(
      spent.map(({ name, expected }) => [name, ...expected]),
    );
    for (const { replies } of answers) {
      const given = replies.filter(({ status }) => status === 200);
      expect(new Set(given.map(({ refresh: successor }) => successor)).size).toBe(Math.min(1, given.length));
      for (const { refresh: successor } of given.slice(0, 1)) expect((await refresh(successor)).status).toBe(200);
    }
    expect(await service.dataSource.query('SELECT id FROM sessions WHERE expires_at > ends_at')).toEqual([]);
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

  it('lets one of several uses at once through, and none of its successors', async () => {
    const strict = await startService({
      store: service.store,
      clock: service.clock,
      env: { REFRESH_REPLAY_WINDOW: '0' },
    });
    const accounts = await Promise.all(Array.from({ length: 8 }, () => register(strict.client)));
    const uses = await Promise.all(
      accounts.map((account) => Promise.all([refresh(account.refresh, strict), refresh(account.refresh, strict)])),
    );
    for (const replies of uses) {
      expect(replies.map(({ status }) => status).toSorted()).toEqual([200, 401]);
      const { refresh: successor } = replies.find(({ status }) => status === 200)!;
      expect((await refresh(successor, strict)).status).toBe(401);
    }
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

describe('the statement of docs/guides/disable-an-account.md', () => {
  it('keeps sessions dead when the account is enabled again', async () => {
    const account = await register(service.client);
    for (let i = 0; i < 2; i++)
      await service.client.call('DELETE', '/account/sessions?scope=others', { bearer: account.access });
    const text = await readFile(new URL('../docs/guides/disable-an-account.md', import.meta.url), 'utf8');
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
  const upkeep = (at = service) => at.app.get(UpkeepService).run();
  const lastUse = async (token: string) => {
    const rows = await service.dataSource.query<{ last_used_at: unknown }[]>(
      'SELECT last_used_at FROM sessions WHERE id = ?',
      [sessionOf(token)],
    );
    return Number(rows[0]?.last_used_at);
  };
  const login = async ({ username }: { username: string }) =>
    (await service.client.post('/auth/token', { username, password: PASSWORD })).body as { access: string };

  it.each<[string, (at: Service, access: string) => Promise<unknown>]>([
    ['each minute', (at) => upkeep(at)],
    ['at shutdown', (at) => at.stop()],
    ['before the owner lists the sessions', (at, access) => at.client.get('/account/sessions', access)],
  ])('is written %s', async (_, write) => {
    const at = await startService({ store: service.store, clock: service.clock });
    const account = await register(service.client);
    const { access } = await login(account);
    const opened = await lastUse(account.access);
    service.clock.advance(60);
    expect((await at.client.get('/auth/getuser', account.access)).status).toBe(200);
    expect(await lastUse(account.access)).toBe(opened);
    await write(at, access);
    expect(await lastUse(account.access)).toBe(opened + 60_000);
    await at.stop();
  });

  it.each<[string, (account: { access: string; refresh: string }) => Promise<Reply>]>([
    ['GET /auth/getuser', ({ access }) => getUser(access)],
    ['POST /auth/token/verify', ({ access }) => service.client.post('/auth/token/verify', { token: access })],
    ['POST /user/login/refresh', ({ refresh: token }) => refreshB(token)],
  ])('is what %s is', async (_, use) => {
    const account = await register(service.client);
    const opened = await lastUse(account.access);
    service.clock.advance(60);
    expect((await use(account)).status).toBeLessThan(300);
    await upkeep();
    expect(await lastUse(account.access)).toBe(opened + 60_000);
  });

  it('is seen by the owner at once', async () => {
    const account = await register(service.client);
    const { access } = await login(account);
    service.clock.advance(60);
    await getUser(account.access);
    const used = new Date(service.clock.now()).toISOString();
    const { body } = await service.client.get('/account/sessions', access);
    const views = body.sessions as { id: string; last_used_at: string }[];
    expect(views.find(({ id }) => id === sessionOf(account.access))?.last_used_at).toBe(used);
  });

  it('is written once a minute at most, however often a session is used', async () => {
    const writes = vi.spyOn(service.app.get(SessionsRepository), 'touch');
    const { access } = await register(service.client);
    const sid = sessionOf(access);
    const opened = await lastUse(access);
    for (const [seconds, written] of [
      [59, 0],
      [1, 1],
      [59, 1],
      [1, 2],
    ] as const) {
      service.clock.advance(seconds);
      for (let i = 0; i < 3; i++) await getUser(access);
      await upkeep();
      await upkeep();
      expect(writes.mock.calls.filter(([ids]) => ids.includes(sid))).toHaveLength(written);
      expect(await lastUse(access)).toBe(opened + written * 60_000);
    }
    writes.mockRestore();
  });

  it('never goes back, whoever writes it first', async () => {
    const { access } = await register(service.client);
    const opened = await lastUse(access);
    service.clock.advance(60);
    await getUser(access);
    service.clock.advance(1);
    await replica.client.get('/auth/getuser', access);
    for (const at of [replica, service]) await upkeep(at);
    expect(await lastUse(access)).toBe(opened + 61_000);
  });

  it('is gathered for one statement, and not for longer than for a full one', async () => {
    const accounts: Awaited<ReturnType<typeof register>>[] = [];
    for (let i = 0; i < 200; i++) accounts.push(await register(service.client));
    await upkeep();
    const writes = vi.spyOn(service.app.get(SessionsRepository), 'touch');
    service.clock.advance(60);
    const use = async (some: typeof accounts) => {
      for (const { access } of some) expect((await getUser(access)).status).toBe(200);
    };
    await use(accounts.slice(1));
    expect(writes).not.toHaveBeenCalled();
    await use(accounts.slice(0, 1));
    expect(writes.mock.calls.map(([ids]) => ids.length)).toEqual([200]);
    await writes.mock.results[0]!.value;
    for (const { access } of accounts) expect(await lastUse(access)).toBe(service.clock.now());
    writes.mockRestore();
  });

  it('is no reason to refuse anybody anything when it cannot be written, and is written later', async () => {
    const refusal = service.store.isMySql
      ? "FOR EACH ROW SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'not now'"
      : "BEGIN SELECT RAISE(ABORT, 'not now'); END";
    // Lines of the framework's logger go to the instance that was started last.
    const at = await startService({ store: service.store, clock: service.clock });
    const present = async () => (await at.client.get('/auth/getuser', access)).status;
    const { access } = await register(at.client);
    const opened = await lastUse(access);
    service.clock.advance(60);
    await service.dataSource.query(`CREATE TRIGGER unwritable BEFORE UPDATE ON sessions ${refusal}`);
    try {
      expect(await present()).toBe(200);
      await upkeep(at);
      expect(await present()).toBe(200);
      expect((await at.client.get('/account/sessions', access)).status).toBe(200);
      expect(await lastUse(access)).toBe(opened);
      const complaints = at.log.filter(({ event }) => event === 'last_uses_not_written');
      expect(complaints).toHaveLength(2);
      expect(complaints[0]).toMatchObject({ level: 'warn' });
    } finally {
      await service.dataSource.query('DROP TRIGGER unwritable');
    }
    await present();
    await upkeep(at);
    expect(await lastUse(access)).toBe(service.clock.now());
    await at.stop();
  });
});

describe('a refresh token that we signed otherwise', () => {
  type Claims = Record<string, unknown>;
  const claimsOf = (token: string) =>
    JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()) as Record<string, string & number>;
  const rowOf = (token: string) =>
    service.dataSource.query<object[]>('SELECT * FROM sessions WHERE id = ?', [sessionOf(token)]);

  /** Makes a token of other claims the current one of its session. */
  async function exchanged(token: string, change: (claims: Claims) => Claims): Promise<string> {
    const key = createSecretKey(deriveKey(service.app.get<Config>(CONFIG).AUTH_SECRET, 'refresh-token'));
    const other = jsonwebtoken.sign(change(claimsOf(token)), key, { header: { alg: 'HS256', typ: 'rt+jwt' } });
    const digest = createHash('sha256').update(other).digest('hex');
    await service.dataSource.query('UPDATE sessions SET refresh_hash = ? WHERE id = ?', [digest, sessionOf(token)]);
    return other;
  }
  const firstVersion = ({ sub, ...claims }: Claims) => (sub === undefined ? {} : claims);

  it('is the same to the letter if it is signed again as it was', async () => {
    const { refresh: token } = await register(service.client);
    expect(await exchanged(token, (claims) => claims)).toBe(token);
  });

  it('without an account, as the first version did, is rotated to one of the present version', async () => {
    const { refresh: token, access } = await register(service.client);
    const old = await exchanged(token, firstVersion);
    expect(Object.keys(claimsOf(old))).toEqual(['sid', 'counter', 'iat', 'exp', 'token_type']);
    expect((await refreshB(old)).status).toBe(201);
    const next = await refresh(old);
    expect(next.status).toBe(200);
    expect(claimsOf(next.refresh)).toMatchObject({ sub: claimsOf(access)['sub'], sid: sessionOf(access), counter: 1 });
    expect((await getUser(next.access)).status).toBe(200);
    // Its parent gets the same once more, and the successor is a token like any other.
    expect(await refresh(old, replica)).toMatchObject({ status: 200, refresh: next.refresh });
    expect((await refresh(next.refresh)).status).toBe(200);
    expect((await refresh(old)).status).toBe(401);
    expect(await challengeOf(access)).toContain('revoked by replay');
  });

  it('without an account, and expired or logged out, is refused', async () => {
    const expired = await register(service.client);
    const old = await exchanged(expired.refresh, firstVersion);
    const loggedOut = await register(service.client);
    const other = await exchanged(loggedOut.refresh, firstVersion);
    await service.client.delete('/user/login', { access_token: loggedOut.access, refresh_token: other });
    expect((await refresh(other)).status).toBe(401);
    service.clock.advance(7 * 24 * 3600);
    expect((await refresh(old)).status).toBe(401);
  });

  it.each(['another’s', 'nobody’s'])('with %s account is refused, and changes nothing', async (whose) => {
    const another = await register(service.client);
    const account = await register(service.client);
    const sub = whose === 'nobody’s' ? 'nobody' : claimsOf(another.access)['sub'];
    const forged = await exchanged(account.refresh, (claims) => ({ ...claims, sub }));
    const before = await rowOf(forged);
    expect([(await refresh(forged)).status, (await refreshB(forged)).status]).toEqual([401, 401]);
    expect(await rowOf(forged)).toEqual(before);
    for (const { access } of [account, another]) expect((await getUser(access)).status).toBe(200);
    expect((await refresh(another.refresh)).status).toBe(200);
  });
});

describe('near the end of a session', () => {
  it('a refresh token ends with it, and so does the access token', async () => {
    const short = await startService({
      store: service.store,
      clock: service.clock,
      env: { ACCESS_TOKEN_TTL: '60', REFRESH_TOKEN_TTL: '600', SESSION_MAX_AGE: '660' },
    });
    const expOf = (token: string) =>
      (JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()) as { exp: number }).exp;
    const opened = short.clock.now();
    const after = (seconds: number) => Math.floor(opened / 1000) + seconds;
    const { refresh: parent } = await register(short.client);
    expect(expOf(parent)).toBe(after(600));

    const rotations = [
      { at: 30, refresh: 630, access: 90 },
      { at: 60, refresh: 660, access: 120 },
      { at: 61, refresh: 660, access: 121 },
      { at: 620, refresh: 660, access: 660 },
    ];
    let last = { refresh: parent, access: '' };
    for (const expected of rotations) {
      short.clock.advance(expected.at - (short.clock.now() - opened) / 1000);
      const next = await refresh(last.refresh, short);
      expect([next.status, expOf(next.refresh), expOf(next.access)]).toEqual([
        200,
        after(expected.refresh),
        after(expected.access),
      ]);
      expect(await refresh(last.refresh, short)).toMatchObject({ status: 200, refresh: next.refresh });
      last = next;
    }
    short.clock.advance(39);
    expect((await short.client.get('/auth/getuser', last.access)).status).toBe(200);
    short.clock.advance(1);
    expect((await short.client.get('/auth/getuser', last.access)).status).toBe(401);
    expect((await refresh(last.refresh, short)).status).toBe(401);
    await short.stop();
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
