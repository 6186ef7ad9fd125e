import { type Case, section } from './case.js';
import { type Context, PASSWORD } from './context.js';
import type { RequestParts } from './http.js';
import { ANY_COMPOSITION, NOT_TEXTS, NOT_TOKENS } from './samples.js';

const REQUIRED = ['this field is required'];
const NOT_A_STRING = ['not a valid string'];
const BOTH_REQUIRED = { username: REQUIRED, password: REQUIRED };
const NO_ACCOUNT = { detail: 'No active account found with the given credentials' };
const TAKEN = { detail: 'User already exists' };
const NOT_VALID = { detail: 'token is invalid or expired', code: 'token_not_valid' };
const NOT_AUTHENTICATED = { detail: 'authentication credentials were not provided', code: 'not_authenticated' };

function multipart(fields: Record<string, string>): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  return form;
}

/** The ways to send the same fields. */
const ENCODINGS: [id: string, name: string, (fields: Record<string, string>) => RequestParts][] = [
  ['json', 'JSON', (fields) => ({ json: fields })],
  ['form', 'a urlencoded form', (fields) => ({ form: fields })],
  ['multipart', 'a multipart form', (fields) => ({ multipart: multipart(fields) })],
];

const bodies = section('A', 'bodies');
const bodyCases = ENCODINGS.flatMap(([id, name, encoded]) => [
  bodies.settled(`a-body-${id}`, `registers, logs in, refreshes and verifies with ${name}`, async (context) => {
    const post = (path: string, fields: Record<string, string>) => context.call('POST', path, encoded(fields));
    const username = context.newName();
    const registered = await post('/auth/register', { username, password: PASSWORD });
    const first = registered.texts(201, 'refresh', 'access');
    const login = await post('/auth/token', { username, password: PASSWORD });
    const { refresh } = login.texts(200, 'refresh', 'access');
    login.check(refresh !== first.refresh, 'another refresh token than at the registration');
    const refreshed = await post('/auth/token/refresh', { refresh });
    const { access } = refreshed.texts(200, 'refresh', 'access');
    (await post('/auth/token/verify', { token: access })).isJson(200, {});
    (await context.get('/auth/getuser', access)).isJson(200, { username });
  }),
  bodies.settled(`a-body-${id}-spaces`, `keeps the spaces at the ends of a password in ${name}`, async (context) => {
    const post = (path: string, fields: Record<string, string>) => context.call('POST', path, encoded(fields));
    const username = context.newName();
    const password = '  spaces at both ends  ';
    (await post('/auth/register', { username, password })).hasStatus(201);
    (await post('/auth/token', { username, password })).hasStatus(200);
    (await post('/auth/token', { username, password: password.trim() })).hasStatus(401);
  }),
]);

/** Returns the cases of the two routes that take a username and a password. */
function credentialCases(id: string, path: string): Case[] {
  const { printed, settled } = section('A', `POST ${path}`);
  return [
    printed(`${id}-no-fields`, 'lists both fields when both are missing', async (context) => {
      (await context.post(path, {})).isJson(400, BOTH_REQUIRED);
    }),
    settled(`${id}-missing`, 'lists each field that is missing or blank', async (context) => {
      const refused: [object, object][] = [
        [{ username: 'x' }, { password: REQUIRED }],
        [{ password: PASSWORD }, { username: REQUIRED }],
        [{ username: '', password: '' }, BOTH_REQUIRED],
        [{ username: ' \t\u00a0', password: PASSWORD }, { username: REQUIRED }],
        [{ email: 'a@example.com' }, BOTH_REQUIRED],
      ];
      for (const [json, problems] of refused) (await context.post(path, json)).isJson(400, problems);
    }),
    settled(`${id}-types`, 'refuses values that are not texts', async (context) => {
      for (const value of NOT_TEXTS) {
        const username = await context.post(path, { username: value, password: PASSWORD });
        username.isJson(400, { username: NOT_A_STRING });
        const password = await context.post(path, { username: 'x', password: value });
        password.isJson(400, { password: NOT_A_STRING });
      }
    }),
    settled(`${id}-no-body`, 'refuses a missing or empty body like an object without fields', async (context) => {
      (await context.call('POST', path)).isJson(400, BOTH_REQUIRED);
      (await context.call('POST', path, { raw: ['application/json', ''] })).isJson(400, BOTH_REQUIRED);
      (await context.call('POST', path, { form: {} })).isJson(400, BOTH_REQUIRED);
    }),
    settled(`${id}-not-json`, 'refuses a body that is not JSON', async (context) => {
      const answer = await context.call('POST', path, { raw: ['application/json', '{"username":'] });
      answer.isJson(400, { detail: 'the request body is not valid JSON' });
    }),
    settled(`${id}-query`, 'takes no credentials from the query string', async (context) => {
      const { username } = await context.register();
      const query = new URLSearchParams({ username, password: PASSWORD }).toString();
      (await context.post(`${path}?${query}`, {})).isJson(400, BOTH_REQUIRED);
    }),
    settled(`${id}-repeated`, 'refuses a form field that is repeated or is a file', async (context) => {
      const fields: [string, string][] = [
        ['username', 'a'],
        ['username', 'b'],
        ['password', PASSWORD],
      ];
      (await context.call('POST', path, { form: fields })).isJson(400, { username: NOT_A_STRING });
      const form = multipart({ password: PASSWORD });
      form.append('username', new Blob(['a']), 'username.txt');
      (await context.call('POST', path, { multipart: form })).isJson(400, { username: NOT_A_STRING });
    }),
  ];
}

const login = section('A', 'POST /auth/token');
const loginCases = [
  login.printed('a-login', 'answers a login with both tokens', async (context) => {
    const { username } = await context.register();
    const answer = await context.post('/auth/token', { username, password: PASSWORD });
    answer.texts(200, 'refresh', 'access');
  }),
  login.printed('a-login-unknown', 'refuses an unknown name', async (context) => {
    const answer = await context.post('/auth/token', { username: context.newName(), password: PASSWORD });
    answer.isJson(401, NO_ACCOUNT);
  }),
  login.printed('a-login-wrong-password', 'refuses a wrong password like an unknown name', async (context) => {
    const { username } = await context.register();
    (await context.post('/auth/token', { username, password: 'wrong password' })).isJson(401, NO_ACCOUNT);
  }),
  ...credentialCases('a-login', '/auth/token'),
  login.settled('a-login-no-such-name', 'refuses names that no account can have, and challenges', async (context) => {
    for (const username of [context.newName(), 'nobody@example.com', 'no such name!\u0000', 'x'.repeat(5000)]) {
      const answer = await context.post('/auth/token', { username, password: PASSWORD });
      answer.isJson(401, NO_ACCOUNT).hasHeader('WWW-Authenticate', 'Bearer');
    }
  }),
  login.settled('a-login-near-misses', 'refuses passwords that resemble the right one', async (context) => {
    const { username } = await context.register();
    for (const password of [`${PASSWORD} `, PASSWORD.toUpperCase(), 'x', PASSWORD + 'x'.repeat(9000)])
      (await context.post('/auth/token', { username, password })).isJson(401, NO_ACCOUNT);
  }),
];

/** Registers with a password, and checks that this password and no longer one logs in. */
async function assertKept(context: Context, password: string): Promise<void> {
  const { username } = await context.register(context.newName(), password);
  await context.logIn(username, password);
  (await context.post('/auth/token', { username, password: `${password}x` })).hasStatus(401);
}

const register = section('A', 'POST /auth/register');
const registerCases = [
  register.printed('a-register', 'registers an account and answers both tokens', async (context) => {
    const answer = await context.post('/auth/register', { username: context.newName(), password: PASSWORD });
    answer.texts(201, 'refresh', 'access');
  }),
  register.printed('a-register-taken', 'refuses a taken name', async (context) => {
    const { username } = await context.register();
    (await context.post('/auth/register', { username, password: 'another password' })).isJson(409, TAKEN);
  }),
  ...credentialCases('a-register', '/auth/register'),
  register.settled('a-register-same-name', 'refuses a taken name in any case and width', async (context) => {
    const { username } = await context.register();
    for (const name of [username.toUpperCase(), ` ${username} `, username.replace('c', 'ｃ')])
      (await context.post('/auth/register', { username: name, password: 'another password' })).isJson(409, TAKEN);
    await context.logIn(username);
  }),
  register.settled('a-register-password-refused', 'refuses short, long and common passwords', async (context) => {
    const refused: [string, string][] = [
      ['seven77', 'at least 8 characters are needed'],
      // Seven code points in fourteen UTF-16 units.
      ['😀'.repeat(7), 'at least 8 characters are needed'],
      ['é'.repeat(513), 'at most 1024 bytes are allowed'],
      ['password123', 'this password is too common'],
      ['PASSWORD123', 'this password is too common'],
    ];
    for (const [password, problem] of refused) {
      const answer = await context.post('/auth/register', { username: context.newName(), password });
      answer.isJson(400, { password: [problem] });
    }
  }),
  register.settled('a-register-password-whole', 'keeps every character of a password', async (context) => {
    // The second has 1,024 bytes, the most that are allowed.
    const kept = ['😀🙈🚀🌵🍋🎲🧭🪁', 'éàüöñçøåêîôûëïÿù'.repeat(32), 'before\u0000after'];
    for (const password of kept) await assertKept(context, password);
  }),
  register.settled('a-register-password-composition', 'accepts a password of any composition', async (context) => {
    for (const password of ANY_COMPOSITION) await assertKept(context, password);
  }),
  register.settled('a-register-password-form', 'compares passwords in their composed form', async (context) => {
    const { username } = await context.register(context.newName(), 'pa\u0308ssword of mine');
    await context.logIn(username, 'p\u00e4ssword of mine');
  }),
  register.settled('a-register-all-problems', 'lists every field that breaks the rules', async (context) => {
    const answer = await context.post('/auth/register', { username: 'not a name', password: 'short' });
    const problems = Object.keys(answer.hasStatus(400).json() as object);
    answer.check(problems.sort().join() === 'password,username', 'problems of both fields');
  }),
  register.settled('a-register-other-fields', 'ignores fields that the contract does not define', async (context) => {
    const username = context.newName();
    const email = `${username}@example.com`;
    const others = { id: '1', disabledAt: 1, email, sessionEpoch: 9, first_name: 'x' };
    const answer = await context.post('/auth/register', { username, password: PASSWORD, ...others });
    const { access } = answer.texts(201, 'refresh', 'access');
    await context.assertAccess(access, 200);
    (await context.post('/auth/token', { username: email, password: PASSWORD })).isJson(401, NO_ACCOUNT);
  }),
];

const refresh = section('A', 'POST /auth/token/refresh');
const refreshCases = [
  refresh.printed('a-refresh', 'answers both tokens, of which the access token works', async (context) => {
    const account = await context.register();
    const answer = await context.post('/auth/token/refresh', { refresh: account.refresh });
    const { access } = answer.texts(200, 'refresh', 'access');
    (await context.get('/auth/getuser', access)).isJson(200, { username: account.username });
  }),
  refresh.printed('a-refresh-no-field', 'refuses a body without a token', async (context) => {
    (await context.post('/auth/token/refresh', {})).isJson(400, { refresh: REQUIRED });
  }),
  refresh.printed('a-refresh-invalid', 'refuses a text that is not a token', async (context) => {
    (await context.post('/auth/token/refresh', { refresh: 'x' })).isJson(401, NOT_VALID);
  }),
  refresh.settled('a-refresh-rotates', 'answers another access token and another refresh token', async (context) => {
    const account = await context.register();
    const answer = await context.post('/auth/token/refresh', { refresh: account.refresh });
    const tokens = answer.texts(200, 'refresh', 'access');
    answer.check(tokens.refresh !== account.refresh, 'another refresh token');
    answer.check(tokens.access !== account.access, 'another access token');
  }),
  refresh.settled('a-refresh-blank', 'refuses a blank token', async (context) => {
    for (const blank of ['', '  '])
      (await context.post('/auth/token/refresh', { refresh: blank })).isJson(400, { refresh: REQUIRED });
    (await context.post('/auth/token/refresh', { token: '' })).isJson(400, { token: REQUIRED });
  }),
  refresh.settled('a-refresh-types', 'refuses values that are not texts', async (context) => {
    for (const value of NOT_TEXTS)
      (await context.post('/auth/token/refresh', { refresh: value })).isJson(400, { refresh: NOT_A_STRING });
    (await context.post('/auth/token/refresh', { refresh: null, token: 'x' })).isJson(400, { refresh: NOT_A_STRING });
    (await context.post('/auth/token/refresh', { token: 1 })).isJson(400, { token: NOT_A_STRING });
  }),
  refresh.settled('a-refresh-not-tokens', 'refuses an access token and strings, and says why', async (context) => {
    const { access } = await context.register();
    for (const token of [access, ...NOT_TOKENS]) {
      const answer = await context.post('/auth/token/refresh', { refresh: token });
      answer.isJson(401, NOT_VALID).hasHeader('WWW-Authenticate', 'Bearer error="invalid_token"');
    }
  }),
  // Under "Verify access token", the page prints the URL of the refresh. Its errors are those of a
  // verification, so no server can do both parts of the page.
  refresh.settled('a-refresh-verifies', 'verifies a token that is sent without a refresh token', async (context) => {
    const { access } = await context.register();
    (await context.post('/auth/token/refresh', { token: access })).isJson(200, {});
    (await context.post('/auth/token/refresh', { token: 'x' })).isJson(401, NOT_VALID);
  }),
  refresh.settled('a-refresh-both', 'refreshes if the body has both tokens', async (context) => {
    const { access, refresh } = await context.register();
    (await context.post('/auth/token/refresh', { refresh, token: access })).texts(200, 'refresh', 'access');
  }),
];

const verify = section('A', 'POST /auth/token/verify');
const verifyCases = [
  verify.settled('a-verify', 'accepts an access token', async (context) => {
    const { access } = await context.register();
    (await context.post('/auth/token/verify', { token: access })).isJson(200, {});
  }),
  verify.settled('a-verify-no-field', 'refuses a body without a token', async (context) => {
    for (const json of [{}, { token: '' }, { refresh: 'x' }])
      (await context.post('/auth/token/verify', json)).isJson(400, { token: REQUIRED });
  }),
  verify.settled('a-verify-types', 'refuses values that are not texts', async (context) => {
    for (const token of NOT_TEXTS)
      (await context.post('/auth/token/verify', { token })).isJson(400, { token: NOT_A_STRING });
  }),
  verify.settled('a-verify-not-tokens', 'refuses a refresh token and strings, and says why', async (context) => {
    const { refresh } = await context.register();
    for (const token of [refresh, ...NOT_TOKENS]) {
      const answer = await context.post('/auth/token/verify', { token });
      answer.isJson(401, NOT_VALID).hasHeader('WWW-Authenticate', 'Bearer error="invalid_token"');
    }
  }),
];

const getuser = section('A', 'GET /auth/getuser');
const getuserCases = [
  getuser.printed('a-getuser', 'answers the username', async (context) => {
    const { username, access } = await context.register();
    (await context.get('/auth/getuser', access)).isJson(200, { username });
  }),
  getuser.printed('a-getuser-unauthorized', 'refuses a missing and an invalid token', async (context) => {
    (await context.get('/auth/getuser')).hasStatus(401);
    (await context.get('/auth/getuser', 'x')).hasStatus(401);
  }),
  getuser.settled('a-getuser-as-typed', 'answers the username as the owner typed it', async (context) => {
    const name = context.newName().replace('conf', 'Conf');
    const { access } = await context.register(` ${name} `);
    (await context.get('/auth/getuser', access)).isJson(200, { username: name });
  }),
  getuser.settled('a-getuser-no-token', 'challenges a request without a token', async (context) => {
    const answer = await context.get('/auth/getuser');
    answer.isJson(401, NOT_AUTHENTICATED).hasHeader('WWW-Authenticate', 'Bearer');
  }),
  getuser.settled('a-getuser-headers', 'refuses every other Authorization header', async (context) => {
    for (const authorization of [
      'Bearer',
      'Bearer x',
      'Bearer a.b.c',
      'Basic YTpi',
      'x',
      'Bearer  ',
      'Bearer\ta.b.c',
    ]) {
      const answer = await context.call('GET', '/auth/getuser', { headers: { authorization } });
      answer.isJson(401, NOT_VALID).hasHeader('WWW-Authenticate', /^Bearer/);
    }
  }),
  getuser.settled('a-getuser-refresh-token', 'refuses a refresh token', async (context) => {
    await context.assertAccess((await context.register()).refresh, 401);
  }),
  getuser.settled('a-getuser-scheme', 'takes the scheme in any case and nothing after the token', async (context) => {
    const { access } = await context.register();
    const get = (authorization: string) => context.call('GET', '/auth/getuser', { headers: { authorization } });
    (await get(`bearer ${access}`)).hasStatus(200);
    (await get(`Bearer ${access} more`)).hasStatus(401);
  }),
  getuser.settled('a-getuser-query', 'takes no token from the query string', async (context) => {
    const { access } = await context.register();
    for (const name of ['access_token', 'token', 'auth_token', 'bearer'])
      (await context.get(`/auth/getuser?${name}=${access}`)).hasStatus(401);
  }),
];

/** What contract A claims. */
export const CASES_A: readonly Case[] = [
  ...loginCases,
  ...registerCases,
  ...refreshCases,
  ...verifyCases,
  ...getuserCases,
  ...bodyCases,
];
