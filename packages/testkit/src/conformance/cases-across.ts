import { type Case, section } from './case.js';
import { type Context, PASSWORD, type Tokens } from './context.js';

const refreshAtA = (context: Context, refresh: string) => context.post('/auth/token/refresh', { refresh });
const refreshAtB = (context: Context, refresh: string) =>
  context.post('/user/login/refresh', { refresh_token: refresh });
const logOut = (context: Context, { access, refresh }: Tokens) =>
  context.delete('/user/login', { access_token: access, refresh_token: refresh });

/** Rotates a refresh token, which contract A alone does. */
async function rotate(context: Context, refresh: string): Promise<Tokens> {
  return (await refreshAtA(context, refresh)).texts(200, 'refresh', 'access');
}

/** Checks that both contracts refuse every token of a session. */
async function assertEnded(context: Context, { access, refresh }: Tokens): Promise<void> {
  await context.assertAccess(access, 401);
  (await context.post('/auth/token/verify', { token: access })).hasStatus(401);
  (await refreshAtA(context, refresh)).hasStatus(401);
  (await refreshAtB(context, refresh)).hasStatus(401);
}

const accounts = section('across', 'accounts');
const sessions = section('across', 'sessions');
const answers = section('across', 'answers');

/** What is settled about the two contracts together: one set of accounts and sessions. */
export const CASES_ACROSS: readonly Case[] = [
  accounts.settled('across-a-at-b', 'accepts at B an account that was registered at A', async (context) => {
    const { username } = await context.register();
    const login = await context.post('/user/login', { username, password: PASSWORD });
    const { access_token: access, refresh_token: refresh } = login.texts(201, 'access_token', 'refresh_token');
    (await refreshAtB(context, refresh)).hasStatus(201);
    (await context.get('/auth/getuser', access)).isJson(200, { username });
    (await logOut(context, { access, refresh })).isEmpty(204);
  }),
  accounts.settled('across-b-at-a', 'accepts at A, by both names, an account that signed up at B', async (context) => {
    const { username, email } = await context.signUp();
    for (const name of [username, email]) {
      const { access } = await context.logIn(name);
      (await context.get('/auth/getuser', access)).isJson(200, { username });
    }
  }),
  accounts.settled('across-username-is-email', 'uses a username that is an email as the email', async (context) => {
    const email = `${context.newName()}@example.com`;
    await context.register(email);
    (await context.post('/user/login', { username: email.toUpperCase(), password: PASSWORD })).hasStatus(201);
  }),
  accounts.settled('across-email-taken', 'refuses at A a username that is the email of an account', async (context) => {
    const { email } = await context.signUp();
    const answer = await context.post('/auth/register', { username: email, password: 'another password' });
    answer.isJson(409, { detail: 'User already exists' });
  }),
  sessions.settled('across-refresh', 'refreshes the tokens of each contract at the other', async (context) => {
    const a = await context.register();
    (await refreshAtB(context, a.refresh)).hasStatus(201);
    const b = await context.signUp();
    const rotated = await rotate(context, b.refresh);
    (await refreshAtB(context, rotated.refresh)).hasStatus(201);
  }),
  sessions.settled('across-logout', 'revokes both tokens at both contracts by a logout', async (context) => {
    const account = await context.signUp();
    await context.assertAccess(account.access, 200);
    (await logOut(context, account)).isEmpty(204);
    await assertEnded(context, account);
  }),
  sessions.settled('across-logout-rotated', 'accepts a rotated token at the logout of its session', async (context) => {
    const account = await context.signUp();
    const rotated = await rotate(context, account.refresh);
    (await logOut(context, account)).isEmpty(204);
    await assertEnded(context, rotated);
  }),
  sessions.settled('across-logout-mixed', 'keeps both sessions when a logout mixes their tokens', async (context) => {
    const one = await context.signUp();
    const two = await context.signUp();
    const refused = [
      { access: one.access, refresh: two.refresh },
      { access: one.access, refresh: 'x' },
      { access: 'x', refresh: one.refresh },
      { access: one.refresh, refresh: one.access },
    ];
    for (const tokens of refused) (await logOut(context, tokens)).hasStatus(401);
    for (const { access } of [one, two]) await context.assertAccess(access, 200);
  }),
  sessions.settled('across-other-session', 'keeps the other sessions of an account at a logout', async (context) => {
    const account = await context.signUp();
    const other = await context.logIn(account.username);
    (await logOut(context, account)).isEmpty(204);
    await context.assertAccess(other.access, 200);
  }),
  // The replay window is a setting, and 0 turns it off.
  sessions.settled('across-window', 'answers a rotated token with its only successor, or ends all', async (context) => {
    const { refresh } = await context.register();
    const successor = await rotate(context, refresh);
    const answer = await refreshAtA(context, refresh);
    if (answer.status === 401) {
      await assertEnded(context, successor);
      return;
    }
    const repeated = answer.texts(200, 'refresh', 'access');
    answer.check(repeated.refresh === successor.refresh, 'the same successor again');
  }),
  sessions.settled('across-replay', 'ends the session when a token is used after its successor', async (context) => {
    const account = await context.register();
    const other = await context.logIn(account.username);
    const second = await rotate(context, account.refresh);
    const third = await rotate(context, second.refresh);
    (await refreshAtA(context, account.refresh)).hasStatus(401);
    await assertEnded(context, third);
    await context.assertAccess(other.access, 200);
  }),
  answers.settled('across-no-store', 'forbids caches to store tokens', async (context) => {
    const form = context.form();
    const { username } = form;
    const noStore = /\bno-store\b/;
    (await context.post('/user/signup', form)).hasStatus(201).hasHeader('Cache-Control', noStore);
    const login = await context.post('/auth/token', { username, password: PASSWORD });
    const { refresh } = login.hasHeader('Cache-Control', noStore).texts(200, 'refresh', 'access');
    (await refreshAtA(context, refresh)).hasStatus(200).hasHeader('Cache-Control', noStore);
  }),
  answers.settled('across-slash', 'serves paths with a slash at the end', async (context) => {
    const username = context.newName();
    (await context.post('/auth/register/', { username, password: PASSWORD })).hasStatus(201);
    (await context.post('/user/login/', { username, password: PASSWORD })).hasStatus(201);
  }),
];
