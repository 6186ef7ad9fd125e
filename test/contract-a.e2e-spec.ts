import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ANY_COMPOSITION, newName, PASSWORD, register } from './support/accounts.js';
import { type Service, startService } from './support/service.js';

const REQUIRED = 'this field is required';
const NOT_A_STRING = 'not a valid string';
const NOT_VALID = '{"detail":"token is invalid or expired","code":"token_not_valid"}';

let service: Service;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.stop());

/** Values that every field refuses because they are not valid strings. */
const WRONG_TYPES: [string, unknown][] = [
  ['a number', 5],
  ['a boolean', true],
  ['null', null],
  ['an array', ['a']],
  ['an object', { $ne: null }],
  ['a lone surrogate', '\ud800'],
];

function multipart(fields: Record<string, string>): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  return form;
}

/** The three ways to send the same fields. */
const ENCODINGS = [
  ['JSON', (fields: Record<string, string>) => ({ json: fields })],
  ['urlencoded form', (fields: Record<string, string>) => ({ form: fields })],
  ['multipart form', (fields: Record<string, string>) => ({ multipart: multipart(fields) })],
] as const;

describe.each(ENCODINGS)('Contract A with a body as %s', (_, encoded) => {
  const post = (path: string, fields: Record<string, string>) => service.client.call('POST', path, encoded(fields));

  it('registers, logs in, refreshes, verifies and gets the user', async () => {
    const username = newName();
    const registered = await post('/auth/register', { username, password: PASSWORD });
    expect(registered.status).toBe(201);
    expect(registered.text).toMatch(/^\{"refresh":"[\w.-]+","access":"[\w.-]+"\}$/);

    const login = await post('/auth/token', { username, password: PASSWORD });
    expect(login.status).toBe(200);
    expect(login.text).toMatch(/^\{"refresh":"[\w.-]+","access":"[\w.-]+"\}$/);
    expect(login.body.refresh).not.toBe(registered.body.refresh);

    const refreshed = await post('/auth/token/refresh', { refresh: login.body.refresh });
    expect(refreshed.status).toBe(200);
    expect(refreshed.text).toMatch(/^\{"refresh":"[\w.-]+","access":"[\w.-]+"\}$/);
    expect(refreshed.body.refresh).not.toBe(login.body.refresh);

    const verified = await post('/auth/token/verify', { token: refreshed.body.access });
    expect([verified.status, verified.text]).toEqual([200, '{}']);

    const user = await service.client.get('/auth/getuser', refreshed.body.access);
    expect([user.status, user.text]).toEqual([200, JSON.stringify({ username })]);
  });

  it('keeps leading and trailing spaces of a password', async () => {
    const username = newName();
    const password = '  spaces at both ends  ';
    expect((await post('/auth/register', { username, password })).status).toBe(201);
    expect((await post('/auth/token', { username, password })).status).toBe(200);
    expect((await post('/auth/token', { username, password: password.trim() })).status).toBe(401);
  });
});

describe.each(['/auth/token', '/auth/register'])('POST %s', (path) => {
  it.each<[string, unknown, Record<string, string[]>]>([
    ['no fields', {}, { username: [REQUIRED], password: [REQUIRED] }],
    ['no password', { username: 'x' }, { password: [REQUIRED] }],
    ['no username', { password: PASSWORD }, { username: [REQUIRED] }],
    ['blank fields', { username: '', password: '' }, { username: [REQUIRED], password: [REQUIRED] }],
    ['a username of spaces', { username: ' \t\u00a0', password: PASSWORD }, { username: [REQUIRED] }],
    ['only other fields', { email: 'a@example.com' }, { username: [REQUIRED], password: [REQUIRED] }],
  ])('refuses %s', async (_, json, fields) => {
    const reply = await service.client.post(path, json);
    expect([reply.status, reply.text]).toEqual([400, JSON.stringify(fields)]);
  });

  it.each(WRONG_TYPES)('refuses %s in place of a string', async (_, value) => {
    const username = await service.client.post(path, { username: value, password: PASSWORD });
    expect([username.status, username.body]).toEqual([400, { username: [NOT_A_STRING] }]);
    const password = await service.client.post(path, { username: 'x', password: value });
    expect([password.status, password.body]).toEqual([400, { password: [NOT_A_STRING] }]);
  });

  it('refuses a missing or empty body like an object without fields', async () => {
    const missing = { username: [REQUIRED], password: [REQUIRED] };
    expect((await service.client.call('POST', path)).body).toEqual(missing);
    expect((await service.client.call('POST', path, { raw: ['application/json', ''] })).body).toEqual(missing);
    expect((await service.client.call('POST', path, { form: {} })).body).toEqual(missing);
  });

  it('never takes credentials from the query string', async () => {
    const { username } = await register(service.client);
    const query = new URLSearchParams({ username, password: PASSWORD }).toString();
    const reply = await service.client.post(`${path}?${query}`, {});
    expect([reply.status, reply.body]).toEqual([400, { username: [REQUIRED], password: [REQUIRED] }]);
  });

  it('refuses a repeated form field and a file in place of a field', async () => {
    const twice = await service.client.call('POST', path, {
      form: [
        ['username', 'a'],
        ['username', 'b'],
        ['password', PASSWORD],
      ],
    });
    expect([twice.status, twice.body]).toEqual([400, { username: [NOT_A_STRING] }]);
    const form = multipart({ password: PASSWORD });
    form.append('username', new Blob(['a']), 'username.txt');
    const file = await service.client.call('POST', path, { multipart: form });
    expect([file.status, file.body]).toEqual([400, { username: [NOT_A_STRING] }]);
  });
});

describe('POST /auth/token', () => {
  it.each([
    ['an unknown name', 'nobody-has-this-name', PASSWORD],
    ['an unknown email', 'nobody@example.com', PASSWORD],
    ['a name that breaks the rules', 'no such name!\u0000', PASSWORD],
    ['a name that is too long', 'x'.repeat(5000), PASSWORD],
  ])('refuses %s', async (_, username, password) => {
    const reply = await service.client.post('/auth/token', { username, password });
    expect(reply.status).toBe(401);
    expect(reply.text).toBe('{"detail":"No active account found with the given credentials"}');
    expect(reply.headers.get('www-authenticate')).toBe('Bearer');
  });

  it('refuses wrong passwords that resemble the right one or are very long', async () => {
    const { username } = await register(service.client);
    for (const password of [`${PASSWORD} `, PASSWORD.toUpperCase(), 'x', PASSWORD + 'x'.repeat(9000)]) {
      const reply = await service.client.post('/auth/token', { username, password });
      expect([reply.status, reply.body.detail]).toEqual([401, 'No active account found with the given credentials']);
    }
  });

  it('refuses a disabled account with the same body', async () => {
    const { username } = await register(service.client);
    await service.dataSource.query('UPDATE users SET disabled_at = 1 WHERE username = ?', [username]);
    const reply = await service.client.post('/auth/token', { username, password: PASSWORD });
    expect([reply.status, reply.text]).toEqual([
      401,
      '{"detail":"No active account found with the given credentials"}',
    ]);
  });
});

describe('POST /auth/register', () => {
  it('refuses a taken name in any case and width, and leaves its account unchanged', async () => {
    const { username } = await register(service.client);
    for (const name of [username, username.toUpperCase(), ` ${username} `, username.replace('user', 'ｕｓｅｒ')]) {
      const reply = await service.client.post('/auth/register', { username: name, password: 'another password' });
      expect([reply.status, reply.text]).toEqual([409, '{"detail":"User already exists"}']);
    }
    expect((await service.client.post('/auth/token', { username, password: PASSWORD })).status).toBe(200);
  });

  it.each([
    ['too short', 'seven77', 'at least 8 characters are needed'],
    ['seven code points in fourteen units', '😀'.repeat(7), 'at least 8 characters are needed'],
    ['too long', 'é'.repeat(513), 'at most 1024 bytes are allowed'],
    ['common', 'password123', 'this password is too common'],
    ['common in capitals', 'PASSWORD123', 'this password is too common'],
  ])('refuses a password that is %s', async (_, password, problem) => {
    const reply = await service.client.post('/auth/register', { username: newName(), password });
    expect([reply.status, reply.body]).toEqual([400, { password: [problem] }]);
  });

  it.each([
    ['eight code points', '😀🙈🚀🌵🍋🎲🧭🪁'],
    ['1,024 bytes', 'éàüöñçøåêîôûëïÿù'.repeat(32)],
    ['text with a NUL', 'before\u0000after'],
    ...ANY_COMPOSITION,
  ])('accepts a password of %s', async (_, password) => {
    const { username } = await register(service.client, newName(), password);
    expect((await service.client.post('/auth/token', { username, password })).status).toBe(200);
    expect((await service.client.post('/auth/token', { username, password: `${password}x` })).status).toBe(401);
  });

  it('accepts a password in composed form that was registered in decomposed form', async () => {
    const { username } = await register(service.client, newName(), 'pa\u0308ssword of mine');
    expect((await service.client.post('/auth/token', { username, password: 'p\u00e4ssword of mine' })).status).toBe(
      200,
    );
  });

  it('names every field that breaks the rules', async () => {
    const reply = await service.client.post('/auth/register', { username: 'not a name', password: 'short' });
    expect(reply.status).toBe(400);
    expect(Object.keys(reply.body as object)).toEqual(['username', 'password']);
  });

  it('ignores fields that the contract does not define', async () => {
    const username = newName();
    const more = { id: '1', disabledAt: 1, email: 'intruder@example.com', sessionEpoch: 9, first_name: 'x' };
    expect((await service.client.post('/auth/register', { username, password: PASSWORD, ...more })).status).toBe(201);
    const rows = await service.dataSource.query<object[]>('SELECT * FROM users WHERE username = ?', [username]);
    expect(rows).toMatchObject([{ email: null, first_name: '', session_epoch: 0, disabled_at: null }]);
  });
});

describe('POST /auth/token/refresh', () => {
  it.each<[string, unknown, object]>([
    ['no field', {}, { refresh: [REQUIRED] }],
    ['a blank field', { refresh: '' }, { refresh: [REQUIRED] }],
    ['a field of spaces', { refresh: '  ' }, { refresh: [REQUIRED] }],
    ['null next to a token', { refresh: null, token: 'x' }, { refresh: [NOT_A_STRING] }],
    ['a blank token to verify', { token: '' }, { token: [REQUIRED] }],
    ['a number to verify', { token: 1 }, { token: [NOT_A_STRING] }],
  ])('refuses %s', async (_, json, fields) => {
    const reply = await service.client.post('/auth/token/refresh', json);
    expect([reply.status, reply.body]).toEqual([400, fields]);
  });

  it.each(WRONG_TYPES)('refuses %s in place of a string', async (_, refresh) => {
    const reply = await service.client.post('/auth/token/refresh', { refresh });
    expect([reply.status, reply.body]).toEqual([400, { refresh: [NOT_A_STRING] }]);
  });

  it('refuses an access token and strings that are not tokens', async () => {
    const { access } = await register(service.client);
    for (const refresh of [access, 'x', 'a.b.c', '..', 'null', 'é.é.é']) {
      const reply = await service.client.post('/auth/token/refresh', { refresh });
      expect([reply.status, reply.text]).toEqual([401, NOT_VALID]);
      expect(reply.headers.get('www-authenticate')).toBe('Bearer error="invalid_token"');
    }
  });

  it('verifies a token that is sent without a refresh token, as the contract prints it', async () => {
    const { access } = await register(service.client);
    const valid = await service.client.post('/auth/token/refresh', { token: access });
    expect([valid.status, valid.text]).toEqual([200, '{}']);
    const invalid = await service.client.post('/auth/token/refresh', { token: 'x' });
    expect([invalid.status, invalid.text]).toEqual([401, NOT_VALID]);
  });

  it('refreshes when the body has both tokens', async () => {
    const { access, refresh } = await register(service.client);
    const reply = await service.client.post('/auth/token/refresh', { refresh, token: access });
    expect(Object.keys(reply.body as object)).toEqual(['refresh', 'access']);
  });
});

describe('POST /auth/token/verify', () => {
  it.each<[string, unknown, object]>([
    ['no field', {}, { token: [REQUIRED] }],
    ['a blank field', { token: '' }, { token: [REQUIRED] }],
    ['another field', { refresh: 'x' }, { token: [REQUIRED] }],
  ])('refuses %s', async (_, json, fields) => {
    const reply = await service.client.post('/auth/token/verify', json);
    expect([reply.status, reply.body]).toEqual([400, fields]);
  });

  it.each(WRONG_TYPES)('refuses %s in place of a string', async (_, token) => {
    const reply = await service.client.post('/auth/token/verify', { token });
    expect([reply.status, reply.body]).toEqual([400, { token: [NOT_A_STRING] }]);
  });

  it('refuses a refresh token and strings that are not tokens', async () => {
    const { refresh } = await register(service.client);
    for (const token of [refresh, 'x', 'a.b.c', '..', 'é.é.é']) {
      const reply = await service.client.post('/auth/token/verify', { token });
      expect([reply.status, reply.text]).toEqual([401, NOT_VALID]);
      expect(reply.headers.get('www-authenticate')).toBe('Bearer error="invalid_token"');
    }
  });
});

describe('GET /auth/getuser', () => {
  it('returns the username as it was typed at registration', async () => {
    const name = newName().replace('user', 'User');
    const { access } = await register(service.client, ` ${name} `);
    expect((await service.client.get('/auth/getuser', access)).body).toEqual({ username: name });
  });

  it('refuses a request without a token', async () => {
    const reply = await service.client.get('/auth/getuser');
    expect(reply.status).toBe(401);
    expect(reply.text).toBe('{"detail":"authentication credentials were not provided","code":"not_authenticated"}');
    expect(reply.headers.get('www-authenticate')).toBe('Bearer');
  });

  it.each(['Bearer', 'Bearer x', 'Bearer a.b.c', 'Basic YTpi', 'x', 'Bearer  ', 'Bearer\ta.b.c'])(
    'refuses Authorization: %s',
    async (authorization) => {
      const reply = await service.client.call('GET', '/auth/getuser', { headers: { authorization } });
      expect([reply.status, reply.text]).toEqual([401, NOT_VALID]);
      expect(reply.headers.get('www-authenticate')).toMatch(/^Bearer/);
    },
  );

  it('refuses a refresh token', async () => {
    const { refresh } = await register(service.client);
    expect((await service.client.get('/auth/getuser', refresh)).status).toBe(401);
  });

  it('refuses text after the token, and accepts the scheme in any case', async () => {
    const { access } = await register(service.client);
    const get = (authorization: string) => service.client.call('GET', '/auth/getuser', { headers: { authorization } });
    expect((await get(`Bearer ${access} more`)).status).toBe(401);
    expect((await get(`bearer ${access}`)).status).toBe(200);
  });

  it('never takes a token from the query string', async () => {
    const { access } = await register(service.client);
    for (const name of ['access_token', 'token', 'auth_token', 'bearer'])
      expect((await service.client.get(`/auth/getuser?${name}=${access}`)).status).toBe(401);
  });
});
