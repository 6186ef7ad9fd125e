import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { PASSWORD, register } from './support/accounts.js';
import type { Reply } from './support/client.js';
import { type Service, startService } from './support/service.js';

let one: Service;
let two: Service;
beforeAll(async () => {
  // With one connection, a request that asks for a second while it holds the first never ends.
  const env = { DATABASE_POOL: '1' };
  one = await startService({ env });
  two = await startService({ store: one.store, clock: one.clock, env });
}, 60_000);
afterAll(async () => {
  await two.stop();
  await one.stop();
});

type Account = Awaited<ReturnType<typeof register>>;

/** Requests and changes that end this session or all sessions of an account. */
const ENDINGS: [string, (account: Account) => Promise<unknown>][] = [
  [
    'a logout',
    ({ access, refresh }) => two.client.delete('/user/login', { access_token: access, refresh_token: refresh }),
  ],
  [
    'the end of all sessions',
    ({ access }) => two.client.call('DELETE', '/account/sessions?all=true', { bearer: access }),
  ],
  [
    'the disabling of the account',
    ({ username }) => two.dataSource.query('UPDATE users SET disabled_at = 1 WHERE username = ?', [username]),
  ],
  ['account deletion', ({ username }) => two.dataSource.query('DELETE FROM users WHERE username = ?', [username])],
];

const refreshA = (refresh: string) => one.client.post('/auth/token/refresh', { refresh });

/** Checks that every token of the account is refused, including the tokens in `replies`. */
async function expectRevoked(account: Account, replies: Reply[]): Promise<void> {
  const pairs = [account, ...replies.filter(({ status }) => status === 200).map(({ body }) => body as Account)];
  for (const { access, refresh } of pairs) {
    expect((await two.client.get('/auth/getuser', access)).status).toBe(401);
    expect((await refreshA(refresh)).status).toBe(401);
    expect((await one.client.post('/user/login/refresh', { refresh_token: refresh })).status).toBe(401);
  }
}

/** More rounds with a database server, which decides the races; RACE_ROUNDS sets another number. */
const ROUNDS = Number(process.env['RACE_ROUNDS'] ?? (inject('mysqlUrl') ? 100 : 30));

describe.each(ENDINGS)('A refresh that races with %s', (_, end) => {
  it('leaves no valid token, including its own successor', { timeout: 120_000 }, async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const account = await register(one.client);
      const [ending, ...replies] = await Promise.all([
        end(account),
        refreshA(account.refresh),
        refreshA(account.refresh),
      ]);
      if (ending && typeof ending === 'object' && 'status' in ending) expect(ending.status).toBe(204);
      for (const { status } of replies) expect([200, 401]).toContain(status);
      await expectRevoked(account, replies);
    }
  });
});

describe('A refresh that races with a change of the password by another session', () => {
  it('leaves no valid token of its session, and keeps the other session', { timeout: 120_000 }, async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const account = await register(one.client);
      const { body } = await one.client.post('/auth/token', { username: account.username, password: PASSWORD });
      const keeper = body as { access: string; refresh: string };
      const passwords = { current_password: PASSWORD, new_password: `${PASSWORD}!` };
      const [change, login, ...replies] = await Promise.all([
        two.client.call('POST', '/account/password', { json: passwords, bearer: keeper.access }),
        one.client.post('/auth/token', { username: account.username, password: PASSWORD }),
        refreshA(account.refresh),
      ]);
      expect(change.status).toBe(204);
      await expectRevoked(account, [login, ...replies]);
      expect((await one.client.get('/auth/getuser', keeper.access)).status).toBe(200);
      expect((await refreshA(keeper.refresh)).status).toBe(200);
    }
  });
});

describe('Refreshes that race with the same token', () => {
  it('never end the session, and get the same successor', { timeout: 120_000 }, async () => {
    let { refresh } = await register(one.client);
    for (let round = 0; round < ROUNDS; round++) {
      const replies = await Promise.all(
        [one, two, one, two].map(({ client }) => client.post('/auth/token/refresh', { refresh })),
      );
      expect(replies.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
      const successors = new Set(replies.map(({ body }) => (body as Account).refresh));
      expect(successors.size).toBe(1);
      [refresh] = [...successors] as [string];
    }
  });
});

describe('A replay that races with a refresh of the newest token', () => {
  it('leaves no valid token', { timeout: 120_000 }, async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const account = await register(one.client);
      const { body: child } = await refreshA(account.refresh);
      one.clock.advance(31);
      const [replayed, newest] = await Promise.all([
        two.client.post('/auth/token/refresh', { refresh: account.refresh }),
        refreshA((child as Account).refresh),
      ]);
      expect(replayed.status).toBe(401);
      await expectRevoked(account, [newest]);
      await expectRevoked(child as Account, []);
    }
  });
});
