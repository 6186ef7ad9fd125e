import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ANY_COMPOSITION, newName, PASSWORD, register, signUp } from './support/accounts.js';
import { type Service, startService } from './support/service.js';

let service: Service;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.stop());

const form = (changes: Record<string, unknown> = {}) => {
  const username = newName();
  return {
    username,
    email: `${username}@example.com`,
    password: PASSWORD,
    first_name: 'A',
    last_name: 'B',
    ...changes,
  };
};

/** Contract B's refusals all have these two keys, in this order. */
const refusal = (reason: string) => JSON.stringify({ status: 'BAD REQUEST', reason });

const WRONG_TYPES: [string, unknown][] = [
  ['a number', 5],
  ['a boolean', false],
  ['null', null],
  ['an array', ['a']],
  ['an object', { a: 'b' }],
  ['a lone surrogate', 'x\udfff'],
];

describe('Contract B', () => {
  it('signs up, logs in by username and by email, refreshes and logs out', async () => {
    const registration = form();
    const signup = await service.client.post('/user/signup', registration);
    expect(signup.status).toBe(201);
    expect(signup.text).toMatch(/^\{"access_token":"[\w.-]+","refresh_token":"[\w.-]+"\}$/);
    expect(signup.body.access_token).not.toBe(signup.body.refresh_token);

    const names = [
      registration.username,
      registration.email,
      registration.email.toUpperCase(),
      ` ${registration.username} `,
    ];
    for (const username of names) {
      const login = await service.client.post('/user/login', { username, password: PASSWORD });
      expect(login.status).toBe(201);
      expect(login.text).toMatch(/^\{"access_token":"[\w.-]+","refresh_token":"[\w.-]+"\}$/);

      const { access_token, refresh_token } = login.body as Record<string, string>;
      const refreshed = await service.client.post('/user/login/refresh', { refresh_token });
      expect(refreshed.status).toBe(201);
      expect(refreshed.text).toMatch(/^\{"access_token":"[\w.-]+"\}$/);
      expect(refreshed.body.access_token).not.toBe(access_token);

      const logout = await service.client.delete('/user/login', { access_token, refresh_token });
      expect([logout.status, logout.text]).toEqual([204, '']);
      expect((await service.client.post('/user/login/refresh', { refresh_token })).status).toBe(401);
    }
  });

  it('issues a new access token at each refresh, and does not rotate the refresh token', async () => {
    const { refresh } = await signUp(service.client);
    const tokens = new Set<string>();
    for (let i = 0; i < 5; i++) {
      const reply = await service.client.post('/user/login/refresh', { refresh_token: refresh });
      expect(reply.status).toBe(201);
      tokens.add(reply.body.access_token as string);
    }
    expect(tokens.size).toBe(5);
  });
});

describe('POST /user/signup', () => {
  it.each(['username', 'email', 'password', 'first_name', 'last_name'])('refuses a form without %s', async (field) => {
    const reply = await service.client.post('/user/signup', form({ [field]: undefined }));
    expect([reply.status, reply.text]).toEqual([400, refusal(`${field}: this field is required`)]);
  });

  it.each(['username', 'email', 'password'])('refuses a blank %s', async (field) => {
    const reply = await service.client.post('/user/signup', form({ [field]: '' }));
    expect([reply.status, reply.text]).toEqual([400, refusal(`${field}: this field is required`)]);
  });

  it('accepts blank first and last names', async () => {
    expect((await service.client.post('/user/signup', form({ first_name: '', last_name: ' ' }))).status).toBe(201);
  });

  describe.each(WRONG_TYPES)('%s in place of a string', (_, value) => {
    it.each(['username', 'email', 'password', 'first_name', 'last_name'])('is refused as the %s', async (field) => {
      const reply = await service.client.post('/user/signup', form({ [field]: value }));
      expect([reply.status, reply.text]).toEqual([400, refusal(`${field}: not a valid string`)]);
    });
  });

  it('names every field that is missing', async () => {
    const reply = await service.client.post('/user/signup', {});
    expect(reply.status).toBe(400);
    for (const field of ['username', 'email', 'password', 'first_name', 'last_name'])
      expect(reply.body.reason).toContain(`${field}: this field is required`);
  });

  it.each([
    ['username', 'has space'],
    ['username', 'x'.repeat(151)],
    ['username', 'semi;colon'],
    ['email', 'no-at-sign'],
    ['email', '@example.com'],
    ['email', 'a@b'],
    ['email', 'a b@example.com'],
    ['email', 'a@example.com\nb@example.com'],
    ['email', `${'x'.repeat(250)}@example.com`],
    ['password', 'short'],
    ['password', 'password123'],
    ['first_name', 'x'.repeat(151)],
    ['last_name', 'line\u0000break'],
  ])('refuses the %s %j', async (field, value) => {
    const reply = await service.client.post('/user/signup', form({ [field]: value }));
    expect(reply.status).toBe(400);
    expect(reply.body.status).toBe('BAD REQUEST');
    expect(reply.body.reason).toMatch(new RegExp(`^${field}: `));
  });

  it.each(ANY_COMPOSITION)('accepts a password of %s', async (_, password) => {
    const registration = form({ password });
    expect((await service.client.post('/user/signup', registration)).status).toBe(201);
    const { username } = registration;
    expect((await service.client.post('/user/login', { username, password })).status).toBe(201);
  });

  it('accepts a username with @ only if it equals the email', async () => {
    const email = `${newName()}@example.com`;
    const other = await service.client.post('/user/signup', form({ username: `${newName()}@example.com`, email }));
    expect([other.status, other.text]).toEqual([400, refusal('username: a username with @ must equal the email')]);
    expect((await service.client.post('/user/signup', form({ username: email.toUpperCase(), email }))).status).toBe(
      201,
    );
  });

  it('refuses a username or email that an account of either contract has', async () => {
    const b = await signUp(service.client);
    const a = await register(service.client, `${newName()}@example.com`);
    const taken = [
      { username: b.username },
      { username: b.username.toUpperCase() },
      { email: b.email },
      { email: b.email.toUpperCase() },
      { email: a.username },
      { username: a.username, email: a.username },
    ];
    for (const changes of taken) {
      const reply = await service.client.post('/user/signup', form(changes));
      expect([reply.status, reply.text]).toEqual([409, refusal('the username or the email is taken')]);
    }
  });

  it('stores first and last names unchanged', async () => {
    const registration = form({ first_name: 'Zoë', last_name: "O'Néill-Ñandú 山田" });
    expect((await service.client.post('/user/signup', registration)).status).toBe(201);
    const rows = await service.dataSource.query<object[]>('SELECT * FROM users WHERE username = ?', [
      registration.username,
    ]);
    expect(rows).toMatchObject([{ first_name: 'Zoë', last_name: "O'Néill-Ñandú 山田", email: registration.email }]);
  });
});

describe('POST /user/login', () => {
  it.each<[unknown, string]>([
    [{}, 'username: this field is required; password: this field is required'],
    [{ username: 'x' }, 'password: this field is required'],
    [{ username: '', password: 'x' }, 'username: this field is required'],
    [{ username: 'x', password: '' }, 'password: this field is required'],
  ])('refuses %j', async (json, reason) => {
    const reply = await service.client.post('/user/login', json);
    expect([reply.status, reply.text]).toEqual([400, refusal(reason)]);
  });

  it.each(WRONG_TYPES)('refuses %s in place of a string', async (_, value) => {
    for (const field of ['username', 'password']) {
      const reply = await service.client.post('/user/login', { username: 'x', password: 'y', [field]: value });
      expect([reply.status, reply.text]).toEqual([400, refusal(`${field}: not a valid string`)]);
    }
  });

  it('refuses unknown names, wrong passwords and disabled accounts with the same body', async () => {
    const enabled = await signUp(service.client);
    const disabled = await signUp(service.client);
    await service.dataSource.query('UPDATE users SET disabled_at = 1 WHERE username = ?', [disabled.username]);
    const attempts = [
      { username: 'nobody-has-this-name', password: PASSWORD },
      { username: 'nobody@example.com', password: PASSWORD },
      { username: enabled.username, password: 'wrong password' },
      { username: enabled.email, password: 'wrong password' },
      { username: disabled.username, password: PASSWORD },
      { username: disabled.email, password: PASSWORD },
    ];
    for (const attempt of attempts) {
      const reply = await service.client.post('/user/login', attempt);
      expect([reply.status, reply.text]).toEqual([401, refusal('the username or the password is wrong')]);
    }
  });

  it('never takes credentials from the query string', async () => {
    const { username } = await signUp(service.client);
    const query = new URLSearchParams({ username, password: PASSWORD }).toString();
    expect((await service.client.post(`/user/login?${query}`, {})).status).toBe(400);
  });
});

describe('POST /user/login/refresh', () => {
  it.each<[unknown, string]>([
    [{}, 'refresh_token: this field is required'],
    [{ refresh_token: '' }, 'refresh_token: this field is required'],
    [{ refresh: 'x' }, 'refresh_token: this field is required'],
    [{ refresh_token: 1 }, 'refresh_token: not a valid string'],
    [{ refresh_token: null }, 'refresh_token: not a valid string'],
    [{ refresh_token: [] }, 'refresh_token: not a valid string'],
    [{ refresh_token: {} }, 'refresh_token: not a valid string'],
    [{ refresh_token: true }, 'refresh_token: not a valid string'],
  ])('refuses %j', async (json, reason) => {
    const reply = await service.client.post('/user/login/refresh', json);
    expect([reply.status, reply.text]).toEqual([400, refusal(reason)]);
  });

  it('refuses an access token and strings that are not tokens', async () => {
    const { access } = await signUp(service.client);
    for (const refresh_token of [access, 'x', 'a.b.c', '..']) {
      const reply = await service.client.post('/user/login/refresh', { refresh_token });
      expect([reply.status, reply.text]).toEqual([401, refusal('the token is invalid or expired')]);
    }
  });
});

describe('DELETE /user/login', () => {
  it.each<[unknown, string]>([
    [{}, 'access_token: this field is required; refresh_token: this field is required'],
    [{ access_token: 'x' }, 'refresh_token: this field is required'],
    [{ refresh_token: 'x' }, 'access_token: this field is required'],
    [{ access_token: 1, refresh_token: 'x' }, 'access_token: not a valid string'],
    [{ access_token: 'x', refresh_token: null }, 'refresh_token: not a valid string'],
  ])('refuses %j', async (json, reason) => {
    const reply = await service.client.delete('/user/login', json);
    expect([reply.status, reply.text]).toEqual([400, refusal(reason)]);
  });

  it('refuses a request without a body', async () => {
    expect((await service.client.call('DELETE', '/user/login')).status).toBe(400);
  });

  it('revokes both tokens at once, at both contracts', async () => {
    const { access, refresh } = await signUp(service.client);
    expect((await service.client.get('/auth/getuser', access)).status).toBe(200);
    expect((await service.client.delete('/user/login', { access_token: access, refresh_token: refresh })).status).toBe(
      204,
    );
    expect((await service.client.get('/auth/getuser', access)).status).toBe(401);
    expect((await service.client.post('/auth/token/verify', { token: access })).status).toBe(401);
    expect((await service.client.post('/auth/token/refresh', { refresh })).status).toBe(401);
    expect((await service.client.post('/user/login/refresh', { refresh_token: refresh })).status).toBe(401);
  });

  it('is idempotent, and accepts expired and used tokens of the session', async () => {
    const { access, refresh } = await signUp(service.client);
    const rotated = await service.client.post('/auth/token/refresh', { refresh });
    const used = { access_token: access, refresh_token: refresh };
    expect((await service.client.delete('/user/login', used)).status).toBe(204);
    expect((await service.client.delete('/user/login', used)).status).toBe(204);
    expect((await service.client.get('/auth/getuser', rotated.body.access as string)).status).toBe(401);

    const later = await signUp(service.client);
    service.clock.advance(8 * 24 * 3600);
    expect(
      (await service.client.delete('/user/login', { access_token: later.access, refresh_token: later.refresh })).status,
    ).toBe(204);
  });

  it('refuses tokens of two sessions and invalid tokens, and ends no session', async () => {
    const one = await signUp(service.client);
    const two = await signUp(service.client);
    const attempts = [
      { access_token: one.access, refresh_token: two.refresh },
      { access_token: one.access, refresh_token: 'x' },
      { access_token: 'x', refresh_token: one.refresh },
      { access_token: one.refresh, refresh_token: one.access },
    ];
    for (const attempt of attempts) {
      const reply = await service.client.delete('/user/login', attempt);
      expect([reply.status, reply.text]).toEqual([401, refusal('the token is invalid or expired')]);
    }
    for (const { access } of [one, two]) expect((await service.client.get('/auth/getuser', access)).status).toBe(200);
  });

  it('ends no other session of the account', async () => {
    const { username, access, refresh } = await signUp(service.client);
    const other = await service.client.post('/user/login', { username, password: PASSWORD });
    await service.client.delete('/user/login', { access_token: access, refresh_token: refresh });
    expect((await service.client.get('/auth/getuser', other.body.access_token as string)).status).toBe(200);
  });
});
