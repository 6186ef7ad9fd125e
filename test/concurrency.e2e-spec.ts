import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newName, PASSWORD, register } from './support/accounts.js';
import { type Service, startService } from './support/service.js';

let one: Service;
let two: Service;
beforeAll(async () => {
  one = await startService();
  two = await startService({ store: one.store, clock: one.clock });
});
afterAll(async () => {
  await two.stop();
  await one.stop();
});

const tally = (statuses: number[]) =>
  Object.fromEntries([...new Set(statuses)].sort().map((s) => [s, statuses.filter((x) => x === s).length]));

describe('Concurrent requests', () => {
  it('create one account from fifty sign-ups under one name, at both contracts and two instances', async () => {
    const username = newName();
    const spellings = [username, username.toUpperCase()];
    const attempts = Array.from({ length: 50 }, (_, i) => {
      const { client } = i % 2 ? one : two;
      const name = spellings[i % 3 ? 0 : 1];
      const fields = { username: name, password: PASSWORD };
      if (i % 4 < 2) return client.post('/auth/register', fields);
      return client.post('/user/signup', {
        ...fields,
        email: `${newName()}@example.com`,
        first_name: '',
        last_name: '',
      });
    });
    const replies = await Promise.all(attempts);
    expect(tally(replies.map(({ status }) => status))).toEqual({ 201: 1, 409: 49 });
    const rows = await one.dataSource.query<{ id: string }[]>('SELECT id FROM users WHERE username_key = ?', [
      username,
    ]);
    expect(rows).toHaveLength(1);
    // The refused sign-ups leave no sessions behind.
    const sessions = await one.dataSource.query<{ user_id: string }[]>('SELECT user_id FROM sessions');
    expect(sessions.map(({ user_id }) => user_id)).toEqual([rows[0]?.id]);
  });

  it('create one account from fifty sign-ups with one email and different names', async () => {
    const email = `${newName()}@example.com`;
    const replies = await Promise.all(
      Array.from({ length: 50 }, (_, i) =>
        i % 5 === 0
          ? one.client.post('/auth/register', { username: email, password: PASSWORD })
          : two.client.post('/user/signup', {
              username: newName(),
              email,
              password: PASSWORD,
              first_name: '',
              last_name: '',
            }),
      ),
    );
    expect(tally(replies.map(({ status }) => status))).toEqual({ 201: 1, 409: 49 });
  });

  it('issue a single successor for twenty refreshes with the same token', async () => {
    const { refresh } = await register(one.client);
    const replies = await Promise.all(
      Array.from({ length: 20 }, (_, i) => (i % 2 ? one : two).client.post('/auth/token/refresh', { refresh })),
    );
    const successors = new Set(
      replies.filter(({ status }) => status === 200).map(({ body }) => (body as { refresh: string }).refresh),
    );
    expect(successors.size).toBe(1);
    expect(replies.every(({ status }) => status === 200 || status === 401)).toBe(true);
  });

  it('serve two hundred clients with their own accounts without errors or data of another account', async () => {
    const client = async (service: Service) => {
      const account = await register(service.client);
      const login = await service.client.post('/user/login', account);
      const refreshed = await service.client.post('/auth/token/refresh', { refresh: account.refresh });
      const { access_token, refresh_token } = login.body as Record<string, string>;
      const users = await Promise.all(
        [refreshed.body.access as string, access_token].map((access) => service.client.get('/auth/getuser', access)),
      );
      const logout = await service.client.delete('/user/login', { access_token, refresh_token });
      return {
        statuses: [login, refreshed, ...users, logout].map(({ status }) => status),
        own: users.every(({ body }) => body.username === account.username),
      };
    };
    const results = await Promise.all(Array.from({ length: 200 }, (_, i) => client(i % 2 ? one : two)));
    for (const result of results) expect(result).toEqual({ statuses: [201, 200, 200, 200, 204], own: true });
  });
});
