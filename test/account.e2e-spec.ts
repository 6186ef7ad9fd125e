import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { firstIdOf } from '../src/platform/clock/time-ordered-ids.js';
import { JobsService } from '../src/jobs/jobs.service.js';
import { newName, PASSWORD, register } from './support/accounts.js';
import { type Service, startService } from './support/service.js';

const NEW_PASSWORD = 'another horse, another staple';

let service: Service;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.stop());

interface View {
  id: string;
  device: string;
  address: string;
  created_at: string;
  last_used_at: string;
  current: boolean;
}

const login = async (username: string, password = PASSWORD, agent = 'test') => {
  const headers = { 'user-agent': agent };
  const reply = await service.client.call('POST', '/auth/token', { json: { username, password }, headers });
  return { status: reply.status, ...(reply.body as { access: string; refresh: string }) };
};
const list = async (access: string) => (await service.client.get('/account/sessions', access)).body.sessions as View[];
const isAlive = async ({ access, refresh }: { access: string; refresh: string }) => {
  const user = (await service.client.get('/auth/getuser', access)).status;
  const refreshed = (await service.client.post('/user/login/refresh', { refresh_token: refresh })).status;
  expect([200, 401]).toContain(user);
  expect(refreshed).toBe(user === 200 ? 201 : 401);
  return user === 200;
};
const changePassword = (bearer: string, current_password: unknown, new_password: unknown) =>
  service.client.call('POST', '/account/password', { json: { current_password, new_password }, bearer });

describe('GET /account/sessions', () => {
  it('lists the live sessions of the account, newest first, and marks the session of the request', async () => {
    const first = await register(service.client);
    service.clock.advance(90);
    const second = await login(first.username, PASSWORD, 'Mozilla/5.0 (test)');
    await register(service.client);
    const sessions = await list(first.access);
    expect(sessions).toHaveLength(2);
    expect(sessions[0]).toMatchObject({ device: 'Mozilla/5.0 (test)', address: '127.0.0.1', current: false });
    expect(sessions[1]).toMatchObject({ current: true, last_used_at: new Date(service.clock.now()).toISOString() });
    expect(Date.parse(sessions[0]!.created_at) - Date.parse(sessions[1]!.created_at)).toBe(90_000);
    await service.client.delete('/user/login', { access_token: second.access, refresh_token: second.refresh });
    expect(await list(first.access)).toHaveLength(1);
  });
});

/**
 * Copies the oldest session of an account, each copy a millisecond after the one before.
 * @returns their ids, oldest first
 */
async function copySessions(from: Service, username: string, count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, (_, i) => firstIdOf(from.clock.now() + 1 + i));
  const columns =
    'user_epoch, refresh_hash, refresh_counter, created_at, refreshed_at, last_used_at, expires_at, ends_at, revoked_at, revoked_reason, user_agent, address, purge_day';
  const [user] = await from.dataSource.query<{ id: string }[]>('SELECT id FROM users WHERE username = ?', [username]);
  for (let i = 0; i < count; i += 100) {
    const some = ids.slice(i, i + 100);
    const rows = some.map(() => `SELECT ? AS id, user_id, ${columns} FROM oldest`).join(' UNION ALL ');
    await from.dataSource.query(
      `INSERT INTO sessions (id, user_id, ${columns}) WITH oldest AS (SELECT * FROM sessions WHERE user_id = ? ORDER BY id LIMIT 1) ${rows}`,
      [user?.id, ...some],
    );
  }
  return ids;
}

describe('An account with many sessions', () => {
  it('lists its sessions 100 a page', async () => {
    const mine = await register(service.client);
    const ids = await copySessions(service, mine.username, 250);
    const pages: View[][] = [];
    for (let after = ''; ;) {
      const { body } = await service.client.get(`/account/sessions${after}`, mine.access);
      pages.push(body.sessions as View[]);
      if (body.next === null) break;
      after = `?after=${String(body.next)}`;
    }
    expect(pages.map(({ length }) => length)).toEqual([100, 100, 51]);
    const listed = pages.flat();
    expect(listed.slice(0, 250).map(({ id }) => id)).toEqual([...ids].reverse());
    expect(listed.filter(({ current }) => current)).toHaveLength(1);
  });

  it('lists a kept session in its place among the sessions opened after it', async () => {
    const mine = await register(service.client);
    await service.client.call('DELETE', '/account/sessions?scope=others', { bearer: mine.access });
    service.clock.advance(1);
    await login(mine.username);
    await login(mine.username);
    expect((await list(mine.access)).map(({ current }) => current)).toEqual([false, false, true]);
    const last = (await list(mine.access))[1]!.id;
    const next = await service.client.get(`/account/sessions?after=${last}`, mine.access);
    expect(next.body.sessions).toMatchObject([{ current: true }]);
    const kept = (next.body.sessions as View[])[0]!.id;
    const none = await service.client.get(`/account/sessions?after=${kept}`, mine.access);
    expect(none.body).toEqual({ sessions: [], next: null });
    expect((await service.client.call('DELETE', `/account/sessions/${kept}`, { bearer: mine.access })).status).toBe(
      204,
    );
    expect(await isAlive(mine)).toBe(false);
  });

  it.each(['', 'x', '1', "' OR 1=1", '0191e7a4-5c6d-7e8f-9a0b-1c2d3e4f5a6b&after=x'])(
    'takes no other cursor: %s',
    async (cursor) => {
      const { access } = await register(service.client);
      expect((await service.client.get(`/account/sessions?after=${cursor}`, access)).status).toBe(400);
    },
  );

  it('ends one of many by its id, and none of another account', async () => {
    const mine = await register(service.client);
    const stranger = await register(service.client);
    const [theirs] = await copySessions(service, stranger.username, 1);
    service.clock.advance(1);
    const [own] = await copySessions(service, mine.username, 1_000);
    const end = (id: string) => service.client.call('DELETE', `/account/sessions/${id}`, { bearer: mine.access });
    expect((await end(theirs!)).status).toBe(404);
    expect((await end(own!)).status).toBe(204);
    expect((await end(own!)).status).toBe(404);
  });
});

describe('MAX_SESSIONS', () => {
  const liveSessions = async (from: Service, access: string) =>
    ((await from.client.get('/account/sessions', access)).body.sessions as View[]).map(({ id }) => id);

  it('ends the oldest sessions at a login, on all replicas', async () => {
    const limited = await startService({ env: { MAX_SESSIONS: '3' } });
    const replica = await startService({ env: { MAX_SESSIONS: '3' }, store: limited.store, clock: limited.clock });
    try {
      const { username, access, refresh } = await register(limited.client);
      const json = { username, password: PASSWORD };
      const tokens = [];
      for (let i = 0; i < 6; i++) {
        limited.clock.advance(1);
        tokens.push((await (i % 2 ? limited : replica).client.post('/auth/token', json)).body.access as string);
      }
      expect(await liveSessions(limited, tokens[5]!)).toHaveLength(3);
      const states = await Promise.all(tokens.map((token) => limited.client.get('/auth/getuser', token)));
      expect(states.map(({ status }) => status)).toEqual([401, 401, 401, 200, 200, 200]);
      expect((await limited.client.get('/auth/getuser', access)).headers.get('www-authenticate')).toContain(
        'revoked for newer logins',
      );
      expect((await limited.client.post('/auth/token/refresh', { refresh })).status).toBe(401);
      // Many logins at once: none of them fails, and the next login ends what is left.
      await Promise.all(
        Array.from({ length: 20 }, (_, i) => (i % 2 ? limited : replica).client.post('/auth/token', json)),
      );
      limited.clock.advance(1);
      const last = (await limited.client.post('/auth/token', json)).body.access as string;
      expect(await liveSessions(limited, last)).toHaveLength(3);
    } finally {
      await replica.stop();
      await limited.stop();
    }
  });

  it('ends the oldest sessions once a minute, a limited number at a time', async () => {
    const limited = await startService({ env: { MAX_SESSIONS: '100' } });
    try {
      const { username } = await register(limited.client);
      await copySessions(limited, username, 450);
      limited.clock.advance(1);
      const reply = await limited.client.post('/auth/token', { username, password: PASSWORD });
      const count = async () => {
        const [row] = await limited.dataSource.query<{ n: unknown }[]>(
          'SELECT COUNT(*) AS n FROM sessions WHERE revoked_at IS NULL',
        );
        return Number(row?.n);
      };
      expect(await count()).toBe(452);
      await limited.app.get(JobsService).run();
      expect(await count()).toBe(252);
      expect(await liveSessions(limited, reply.body.access as string)).toHaveLength(100);
      for (let i = 0; i < 10; i++) await limited.client.post('/auth/token', { username, password: PASSWORD });
      expect(await count()).toBe(100);
    } finally {
      await limited.stop();
    }
  });
});

describe('DELETE /account/sessions/{id}', () => {
  it('ends that session', async () => {
    const mine = await register(service.client);
    const other = await login(mine.username);
    const { id } = (await list(other.access)).find(({ current }) => current)!;
    expect((await service.client.call('DELETE', `/account/sessions/${id}`, { bearer: mine.access })).status).toBe(204);
    expect([await isAlive(other), await isAlive(mine)]).toEqual([false, true]);
    expect((await service.client.call('DELETE', `/account/sessions/${id}`, { bearer: mine.access })).status).toBe(404);
  });

  it('refuses the id of a session of another account, and any other id', async () => {
    const mine = await register(service.client);
    const stranger = await register(service.client);
    const { id } = (await list(stranger.access))[0]!;
    for (const path of [id, 'x', '%00', 'a'.repeat(90), "' OR 1=1"].map((part) => `/account/sessions/${part}`)) {
      const response = await fetch(service.url + path, {
        method: 'DELETE',
        headers: { authorization: `Bearer ${mine.access}` },
      });
      expect(response.status).toBe(404);
      expect(response.headers.get('content-type')).toContain('application/problem+json');
    }
    expect(await isAlive(stranger)).toBe(true);
  });
});

describe('DELETE /account/sessions', () => {
  it('ends all other sessions repeatedly, and with scope=all this one too', async () => {
    const mine = await register(service.client);
    for (let round = 0; round < 3; round++) {
      const others = [await login(mine.username), await login(mine.username)];
      expect(
        (await service.client.call('DELETE', '/account/sessions?scope=others', { bearer: mine.access })).status,
      ).toBe(204);
      expect([await isAlive(others[0]!), await isAlive(others[1]!), await isAlive(mine)]).toEqual([false, false, true]);
      expect(await list(mine.access)).toHaveLength(1);
    }
    const other = await login(mine.username);
    expect((await service.client.call('DELETE', '/account/sessions?scope=all', { bearer: mine.access })).status).toBe(
      204,
    );
    expect([await isAlive(other), await isAlive(mine)]).toEqual([false, false]);
    expect(await isAlive(await login(mine.username))).toBe(true);
  });

  it('leaves no session when one session ends all and another ends the others at the same time', async () => {
    for (let round = 0; round < 20; round++) {
      const owner = await register(service.client);
      const thief = await login(owner.username);
      const [all] = await Promise.all([
        service.client.call('DELETE', '/account/sessions?all=true', { bearer: owner.access }),
        service.client.call('DELETE', '/account/sessions?scope=others', { bearer: thief.access }),
      ]);
      // The thief may have been faster. Then the owner's session had already ended.
      if (all.status === 204) expect([await isAlive(owner), await isAlive(thief)]).toEqual([false, false]);
      else expect([all.status, await isAlive(owner)]).toEqual([401, false]);
    }
  });

  it.each(['', '/', '/?', '?', '?from=x', '?scope=', '?scope=All', '?scope=all,others', '?scope=all&scope=all'])(
    'refuses a request without a scope, or with another one: %j',
    async (rest) => {
      const mine = await register(service.client);
      const other = await login(mine.username);
      const reply = await service.client.call('DELETE', `/account/sessions${rest}`, { bearer: mine.access });
      expect(reply.status).toBe(400);
      expect(reply.body).toEqual({
        type: 'about:blank',
        title: 'Bad Request',
        status: 400,
        detail: 'a field of the request is not valid',
        errors: { scope: ['must be others or all'] },
      });
      expect([await isAlive(other), await isAlive(mine)]).toEqual([true, true]);
    },
  );

  it.each([
    ['?all=true', 204, false, false],
    ['?all=false', 204, false, true],
    ['?all=true&scope=others', 204, false, true],
    ['?all=1', 400, true, true],
    ['?all=True', 400, true, true],
    ['?all=', 400, true, true],
    ['?all=true&all=true', 400, true, true],
    ['?all=1&scope=all', 400, true, true],
  ])('takes the older parameter: %s', async (query, status, othersLive, mineLives) => {
    const mine = await register(service.client);
    const other = await login(mine.username);
    const reply = await service.client.call('DELETE', `/account/sessions${query}`, { bearer: mine.access });
    expect(reply.status).toBe(status);
    expect([await isAlive(other), await isAlive(mine)]).toEqual([othersLive, mineLives]);
  });

  it('lets a later session end the session that was kept before', async () => {
    const one = await register(service.client);
    await service.client.call('DELETE', '/account/sessions?scope=others', { bearer: one.access });
    const two = await login(one.username);
    await service.client.call('DELETE', '/account/sessions?scope=others', { bearer: two.access });
    expect([await isAlive(one), await isAlive(two)]).toEqual([false, true]);
  });

  it('ends a kept session too when an operator raises the epoch', async () => {
    const mine = await register(service.client);
    for (let round = 0; round < 3; round++)
      await service.client.call('DELETE', '/account/sessions?scope=others', { bearer: mine.access });
    expect(await isAlive(mine)).toBe(true);
    await service.dataSource.query('UPDATE users SET session_epoch = session_epoch + 1 WHERE username = ?', [
      mine.username,
    ]);
    expect(await isAlive(mine)).toBe(false);
  });

  it('lets the kept session be refreshed', async () => {
    const mine = await register(service.client);
    await service.client.call('DELETE', '/account/sessions?scope=others', { bearer: mine.access });
    const reply = await service.client.post('/auth/token/refresh', { refresh: mine.refresh });
    expect(reply.status).toBe(200);
    expect((await service.client.get('/auth/getuser', reply.body.access as string)).status).toBe(200);
  });
});

describe('POST /account/password', () => {
  it('changes the password, ends the other sessions and keeps this one', async () => {
    const mine = await register(service.client);
    const other = await login(mine.username);
    expect((await changePassword(mine.access, PASSWORD, NEW_PASSWORD)).status).toBe(204);
    expect([await isAlive(other), await isAlive(mine)]).toEqual([false, true]);
    expect((await login(mine.username)).status).toBe(401);
    expect((await login(mine.username, NEW_PASSWORD)).status).toBe(200);
    expect((await changePassword(mine.access, NEW_PASSWORD, PASSWORD)).status).toBe(204);
    expect(await isAlive(mine)).toBe(true);
  });

  it('refuses a wrong current password and an unfit new one, and changes nothing', async () => {
    const mine = await register(service.client);
    const wrong = await changePassword(mine.access, 'wrong password', 'short');
    expect(wrong.status).toBe(400);
    expect(wrong.body.errors).toEqual({
      current_password: ['this is not the current password'],
      new_password: ['at least 8 characters are needed'],
    });
    expect((await changePassword(mine.access, PASSWORD, 'password123')).body.errors).toEqual({
      new_password: ['this password is too common'],
    });
    for (const nothing of [undefined, null, 5, '', []]) {
      expect((await changePassword(mine.access, nothing, NEW_PASSWORD)).status).toBe(400);
      expect((await changePassword(mine.access, PASSWORD, nothing)).status).toBe(400);
    }
    expect((await login(mine.username)).status).toBe(200);
  });

  it('changes the password once when several changes arrive at the same time', async () => {
    const mine = await register(service.client);
    const replies = await Promise.all(
      Array.from({ length: 8 }, (_, i) => changePassword(mine.access, PASSWORD, `${NEW_PASSWORD} ${i}`)),
    );
    const done = replies.map(({ status }, i) => ({ status, i })).filter(({ status }) => status === 204);
    expect(done).toHaveLength(1);
    // The others get 400 and not 401, since a client logs out on a 401.
    expect(replies.filter(({ status }) => status !== 204).map(({ status }) => status)).toEqual(Array(7).fill(400));
    expect((await login(mine.username, `${NEW_PASSWORD} ${done[0]!.i}`)).status).toBe(200);
    expect(await isAlive(mine)).toBe(true);
  });
});

describe('Every route of the account', () => {
  it.each([
    ['GET', '/account/sessions'],
    ['DELETE', '/account/sessions'],
    ['DELETE', '/account/sessions/x'],
    ['POST', '/account/password'],
  ])('requires a bearer token: %s %s', async (method, path) => {
    const template = path.replace('/x', '/{id}');
    for (const headers of [{}, { authorization: 'Bearer x' }]) {
      const response = await fetch(service.url + path, { method, headers });
      expect([template, response.status]).toEqual([template, 401]);
      expect(response.headers.get('www-authenticate')).toMatch(/^Bearer/);
      expect(response.headers.get('content-type')).toContain('application/problem+json');
    }
  });

  it('answers 405 with Allow to another method', async () => {
    const cases = {
      '/account/sessions': 'DELETE, GET, HEAD',
      '/account/sessions/x': 'DELETE',
      '/account/password': 'POST',
    };
    for (const [path, allow] of Object.entries(cases)) {
      const response = await fetch(service.url + path, { method: 'PUT' });
      expect([response.status, response.headers.get('allow')]).toEqual([405, allow]);
    }
  });

  it('refuses a token of a deleted account after its name was registered again', async () => {
    const username = newName();
    const before = await register(service.client, username);
    await service.dataSource.query('DELETE FROM users WHERE username = ?', [username]);
    await register(service.client, username);
    expect((await service.client.get('/account/sessions', before.access)).status).toBe(401);
  });
});
