import { type Case, section } from './case.js';
import { type Context, PASSWORD } from './context.js';
import { ANY_COMPOSITION, NOT_TEXTS, NOT_TOKENS } from './samples.js';

const FIELDS = ['username', 'email', 'password', 'first_name', 'last_name'];
const WRONG = 'the username or the password is wrong';
const INVALID = 'the token is invalid or expired';
const TAKEN = 'the username or the email is taken';

/** Returns a refusal of contract B. Its status is the same text at every HTTP status. */
const refusal = (reason: string) => ({ status: 'BAD REQUEST', reason });
const required = (...fields: string[]) => refusal(fields.map((field) => `${field}: this field is required`).join('; '));
const notText = (field: string) => refusal(`${field}: not a valid string`);

/** Logs in, and returns the tokens under the names of contract B. */
async function logIn(context: Context, username: string, password = PASSWORD) {
  return (await context.post('/user/login', { username, password })).texts(201, 'access_token', 'refresh_token');
}

/** Checks a refusal whose reason the contract leaves open. */
async function assertRefused(context: Context, path: string, json: object, status: number): Promise<void> {
  const answer = await context.post(path, json);
  const body = answer.texts(status, 'status', 'reason');
  answer.check(body.status === 'BAD REQUEST', 'the status BAD REQUEST');
}

const signup = section('B', 'POST user/signup');
const signupCases = [
  signup.printed('b-signup', 'creates an account and answers both tokens', async (context) => {
    const answer = await context.post('/user/signup', context.form());
    const { access_token, refresh_token } = answer.texts(201, 'access_token', 'refresh_token');
    answer.check(access_token !== refresh_token, 'distinct tokens');
  }),
  signup.printed('b-signup-username-taken', 'refuses a taken username', async (context) => {
    const { username } = await context.signUp();
    await assertRefused(context, '/user/signup', context.form({ username }), 409);
  }),
  signup.printed('b-signup-email-taken', 'refuses a taken email', async (context) => {
    const { email } = await context.signUp();
    await assertRefused(context, '/user/signup', context.form({ email }), 409);
  }),
  signup.settled('b-signup-missing', 'names each field that is missing', async (context) => {
    for (const field of FIELDS) {
      const answer = await context.post('/user/signup', context.form({ [field]: undefined }));
      answer.isJson(400, required(field));
    }
  }),
  signup.settled('b-signup-no-fields', 'names every field when all are missing', async (context) => {
    const answer = await context.post('/user/signup', {});
    const { reason } = answer.texts(400, 'status', 'reason');
    for (const field of FIELDS) answer.check(reason.includes(required(field).reason), `a reason that names ${field}`);
  }),
  signup.settled('b-signup-blank', 'refuses a blank username, email and password', async (context) => {
    for (const field of ['username', 'email', 'password'])
      (await context.post('/user/signup', context.form({ [field]: '' }))).isJson(400, required(field));
  }),
  signup.settled('b-signup-blank-names', 'accepts blank first and last names', async (context) => {
    (await context.post('/user/signup', context.form({ first_name: '', last_name: ' ' }))).hasStatus(201);
  }),
  signup.settled('b-signup-other-letters', 'accepts first and last names of any script', async (context) => {
    const form = context.form({ first_name: 'Zoë', last_name: "O'Néill-Ñandú 山田" });
    (await context.post('/user/signup', form)).hasStatus(201);
  }),
  ...FIELDS.map((field) =>
    signup.settled(
      `b-signup-types-${field.replace('_', '-')}`,
      `refuses a ${field} that is no text`,
      async (context) => {
        for (const value of NOT_TEXTS)
          (await context.post('/user/signup', context.form({ [field]: value }))).isJson(400, notText(field));
      },
    ),
  ),
  signup.settled('b-signup-rules', 'names the field that breaks the rules', async (context) => {
    const refused: [string, string][] = [
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
    ];
    for (const [field, value] of refused) {
      const answer = await context.post('/user/signup', context.form({ [field]: value }));
      const { status, reason } = answer.texts(400, 'status', 'reason');
      answer.check(status === 'BAD REQUEST' && reason.startsWith(`${field}: `), `a reason that names ${field}`);
    }
  }),
  signup.settled(
    'b-signup-email-without-at',
    'refuses an email without @ that equals the username',
    async (context) => {
      const username = context.newName();
      const answer = await context.post('/user/signup', context.form({ username, email: username }));
      answer.isJson(400, refusal('email: not a valid email address'));
    },
  ),
  signup.settled('b-signup-password-composition', 'accepts a password of any composition', async (context) => {
    for (const password of ANY_COMPOSITION) {
      const form = context.form({ password });
      (await context.post('/user/signup', form)).hasStatus(201);
      await logIn(context, form.username, password);
    }
  }),
  signup.settled(
    'b-signup-username-email',
    'accepts a username with @ only if it equals the email',
    async (context) => {
      const email = `${context.newName()}@example.com`;
      const other = context.form({ username: `${context.newName()}@example.com`, email });
      (await context.post('/user/signup', other)).isJson(
        400,
        refusal('username: a username with @ must equal the email'),
      );
      (await context.post('/user/signup', context.form({ username: email.toUpperCase(), email }))).hasStatus(201);
    },
  ),
  signup.settled(
    'b-signup-taken-anywhere',
    'refuses names and emails of accounts of both contracts',
    async (context) => {
      const b = await context.signUp();
      const a = await context.register(`${context.newName()}@example.com`);
      const taken = [
        { username: b.username },
        { username: b.username.toUpperCase() },
        { email: b.email },
        { email: b.email.toUpperCase() },
        { email: a.username },
        { username: a.username, email: a.username },
      ];
      for (const changes of taken)
        (await context.post('/user/signup', context.form(changes))).isJson(409, refusal(TAKEN));
    },
  ),
];

const login = section('B', 'POST user/login');
const loginCases = [
  login.printed('b-login', 'logs in by username and by email', async (context) => {
    const { username, email } = await context.signUp();
    for (const name of [username, email]) {
      const answer = await context.post('/user/login', { username: name, password: PASSWORD });
      const { access_token, refresh_token } = answer.texts(201, 'access_token', 'refresh_token');
      answer.check(access_token !== refresh_token, 'distinct tokens');
    }
  }),
  login.printed('b-login-wrong', 'refuses an unknown name and a wrong password', async (context) => {
    const { username } = await context.signUp();
    const guesses = [
      { username, password: 'wrong password' },
      { username: context.newName(), password: PASSWORD },
    ];
    for (const guess of guesses) await assertRefused(context, '/user/login', guess, 401);
  }),
  login.settled('b-login-names', 'finds a name in any case and with spaces around it', async (context) => {
    const { username, email } = await context.signUp();
    for (const name of [email.toUpperCase(), ` ${username} `]) await logIn(context, name);
  }),
  login.settled('b-login-missing', 'names each field that is missing or blank', async (context) => {
    const refused: [object, object][] = [
      [{}, required('username', 'password')],
      [{ username: 'x' }, required('password')],
      [{ username: '', password: 'x' }, required('username')],
      [{ username: 'x', password: '' }, required('password')],
    ];
    for (const [json, body] of refused) (await context.post('/user/login', json)).isJson(400, body);
  }),
  login.settled('b-login-types', 'refuses values that are not texts', async (context) => {
    for (const value of NOT_TEXTS) {
      for (const field of ['username', 'password']) {
        const answer = await context.post('/user/login', { username: 'x', password: 'y', [field]: value });
        answer.isJson(400, notText(field));
      }
    }
  }),
  login.settled('b-login-same-refusal', 'refuses unknown names like wrong passwords', async (context) => {
    const { username, email } = await context.signUp();
    const guesses = [
      { username: context.newName(), password: PASSWORD },
      { username: 'nobody@example.com', password: PASSWORD },
      { username, password: 'wrong password' },
      { username: email, password: 'wrong password' },
    ];
    for (const guess of guesses) (await context.post('/user/login', guess)).isJson(401, refusal(WRONG));
  }),
  login.settled('b-login-query', 'takes no credentials from the query string', async (context) => {
    const { username } = await context.signUp();
    const query = new URLSearchParams({ username, password: PASSWORD }).toString();
    (await context.post(`/user/login?${query}`, {})).isJson(400, required('username', 'password'));
  }),
];

const refresh = section('B', 'POST user/login/refresh');
const refreshCases = [
  refresh.printed('b-refresh', 'answers a new access token and nothing else', async (context) => {
    const { access, refresh } = await context.signUp();
    const answer = await context.post('/user/login/refresh', { refresh_token: refresh });
    const { access_token } = answer.texts(201, 'access_token');
    answer.check(access_token !== access, 'another access token than at the sign-up');
  }),
  refresh.printed('b-refresh-invalid', 'refuses a text that is not a token', async (context) => {
    await assertRefused(context, '/user/login/refresh', { refresh_token: 'x' }, 401);
  }),
  refresh.settled('b-refresh-again', 'answers a unique access token at each use of one token', async (context) => {
    const { refresh } = await context.signUp();
    const tokens = new Set<string>();
    for (let count = 1; count <= 5; count++) {
      const answer = await context.post('/user/login/refresh', { refresh_token: refresh });
      tokens.add(answer.texts(201, 'access_token').access_token);
      answer.check(tokens.size === count, 'an access token that was not answered before');
    }
  }),
  refresh.settled('b-refresh-missing', 'refuses a missing or blank token', async (context) => {
    for (const json of [{}, { refresh_token: '' }, { refresh: 'x' }])
      (await context.post('/user/login/refresh', json)).isJson(400, required('refresh_token'));
  }),
  refresh.settled('b-refresh-types', 'refuses values that are not texts', async (context) => {
    for (const value of [...NOT_TEXTS, [], {}])
      (await context.post('/user/login/refresh', { refresh_token: value })).isJson(400, notText('refresh_token'));
  }),
  refresh.settled('b-refresh-not-tokens', 'refuses an access token and strings', async (context) => {
    const { access } = await context.signUp();
    for (const token of [access, ...NOT_TOKENS])
      (await context.post('/user/login/refresh', { refresh_token: token })).isJson(401, refusal(INVALID));
  }),
];

const logout = section('B', 'DELETE user/login');
const logoutCases = [
  logout.printed('b-logout', 'logs out without a body', async (context) => {
    const { access, refresh } = await context.signUp();
    (await context.delete('/user/login', { access_token: access, refresh_token: refresh })).isEmpty(204);
  }),
  logout.settled('b-logout-ends-session', 'refuses the refresh token after a logout', async (context) => {
    const { username, email } = await context.signUp();
    for (const name of [username, email, email.toUpperCase(), ` ${username} `]) {
      const { access_token, refresh_token } = await logIn(context, name);
      const refreshed = await context.post('/user/login/refresh', { refresh_token });
      refreshed.check(refreshed.texts(201, 'access_token').access_token !== access_token, 'another access token');
      (await context.delete('/user/login', { access_token, refresh_token })).isEmpty(204);
      (await context.post('/user/login/refresh', { refresh_token })).isJson(401, refusal(INVALID));
    }
  }),
  logout.settled('b-logout-missing', 'names each token that is missing or not a text', async (context) => {
    const refused: [object, object][] = [
      [{}, required('access_token', 'refresh_token')],
      [{ access_token: 'x' }, required('refresh_token')],
      [{ refresh_token: 'x' }, required('access_token')],
      [{ access_token: 1, refresh_token: 'x' }, notText('access_token')],
      [{ access_token: 'x', refresh_token: null }, notText('refresh_token')],
    ];
    for (const [json, body] of refused) (await context.delete('/user/login', json)).isJson(400, body);
  }),
  logout.settled('b-logout-no-body', 'refuses a request without a body', async (context) => {
    (await context.call('DELETE', '/user/login')).isJson(400, required('access_token', 'refresh_token'));
  }),
  logout.settled('b-logout-again', 'accepts a second logout', async (context) => {
    const { access, refresh } = await context.signUp();
    const tokens = { access_token: access, refresh_token: refresh };
    for (let count = 1; count <= 2; count++) (await context.delete('/user/login', tokens)).isEmpty(204);
  }),
  logout.settled('b-logout-mixed', 'refuses tokens of two sessions, and ends neither', async (context) => {
    const one = await context.signUp();
    const two = await context.signUp();
    const refused = [
      { access_token: one.access, refresh_token: two.refresh },
      { access_token: one.access, refresh_token: 'x' },
      { access_token: 'x', refresh_token: one.refresh },
      { access_token: one.refresh, refresh_token: one.access },
    ];
    for (const json of refused) (await context.delete('/user/login', json)).isJson(401, refusal(INVALID));
    for (const { refresh } of [one, two])
      (await context.post('/user/login/refresh', { refresh_token: refresh })).hasStatus(201);
  }),
];

/** What contract B claims. */
export const CASES_B: readonly Case[] = [...loginCases, ...refreshCases, ...logoutCases, ...signupCases];
