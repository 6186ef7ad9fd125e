import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { newName, PASSWORD } from './support/accounts.js';
import { FakeClock, type Service, startService } from './support/service.js';
import { claimsOf } from './support/tokens.js';

// In seconds, so short that a run of a few dozen steps meets every limit.
const ACCESS_TTL = 60;
const REFRESH_TTL = 120;
const MAX_AGE = 200;
const WINDOW = 30;

const CLIENT = { id: 'resource-server', secret: 'secret-of-the-client' };
const CLIENT_AUTHORIZATION = `Basic ${Buffer.from(`${CLIENT.id}:${CLIENT.secret}`).toString('base64')}`;

const RUNS = Number(process.env['MODEL_RUNS'] ?? (inject('mysqlUrl') ? 200 : 800));
const TIMEOUT_MS = 60_000 + 100 * RUNS;

interface Pair {
  readonly access: string;
  readonly refresh: string;
}

interface Account {
  readonly username: string;
  /** Every password that the account had, the present one last; empty before it is registered. */
  readonly passwords: string[];
  disabled: boolean;
}

interface Session {
  readonly name: string;
  readonly id: string;
  readonly owner: Account;
  readonly openedAt: number;
  /** Its refresh tokens, the current one last. */
  readonly refresh: RefreshToken[];
  ended: boolean;
}

interface Token {
  readonly name: string;
  readonly text: string;
  readonly session: Session;
  readonly expiresAt: number;
}

interface RefreshToken extends Token {
  readonly madeAt: number;
}

/**
 * The rules for sessions, from `docs/reference/contracts.md`: what was issued so far, and what it
 * is good for. Times in seconds since 1970.
 */
class Model {
  readonly accounts: readonly Account[] = [newAccount(), newAccount()];
  readonly sessions: Session[] = [];
  readonly accessTokens: Token[] = [];
  readonly refreshTokens: RefreshToken[] = [];
  /** What was done and answered. */
  readonly history: string[] = [];

  constructor(private readonly clock: FakeClock) {}

  get now(): number {
    return this.clock.now() / 1000;
  }

  /**
   * Tells whether a session is alive. It expires `REFRESH_TOKEN_TTL` after its last rotation, and at
   * `SESSION_MAX_AGE` in any case.
   */
  lives({ ended, refresh }: Session): boolean {
    return !ended && this.now < refresh.at(-1)!.expiresAt;
  }

  honours({ expiresAt, session }: Token): boolean {
    return this.now < expiresAt && this.lives(session);
  }

  /**
   * Returns what a token is to its session: the current token, the previous one inside the replay
   * window, or a token that an honest client has dropped.
   */
  standingOf(token: RefreshToken): 'current' | 'parent' | 'replayed' {
    const [current, parent] = token.session.refresh.toReversed();
    if (token === current) return 'current';
    return token === parent && this.now < current!.madeAt + WINDOW ? 'parent' : 'replayed';
  }

  /**
   * Presents a refresh token. A replay ends the session even after the token's own expiry, and the
   * replay window outlasts that expiry too.
   */
  show(token: RefreshToken): 'current' | 'parent' | 'refused' {
    if (!this.lives(token.session)) return 'refused';
    const standing = this.standingOf(token);
    if (standing !== 'replayed') return standing;
    token.session.ended = true;
    return 'refused';
  }

  get hasLiving(): boolean {
    return this.sessions.some((session) => this.lives(session));
  }

  /** Ends all sessions of an account except the kept one. */
  endSessions(owner: Account, kept?: Session): void {
    for (const session of this.sessions) if (session.owner === owner && session !== kept) session.ended = true;
  }

  /** Returns the living sessions of an account, newest first. */
  sessionsOf(owner: Account): Session[] {
    return this.sessions.filter((session) => session.owner === owner && this.lives(session)).toReversed();
  }

  opened(owner: Account, { access, refresh }: Pair): void {
    const session: Session = {
      name: `s${this.sessions.length}`,
      id: claimsOf(refresh).sid,
      owner,
      openedAt: this.now,
      refresh: [],
      ended: false,
    };
    this.sessions.push(session);
    this.rotated(session, { access, refresh });
  }

  rotated(session: Session, { access, refresh }: Pair): void {
    const token = {
      name: `${session.name}.refresh${session.refresh.length}`,
      text: refresh,
      session,
      madeAt: this.now,
      expiresAt: Math.min(this.now + REFRESH_TTL, session.openedAt + MAX_AGE),
    };
    this.issued(token, this.refreshTokens);
    session.refresh.push(token);
    this.renewed(session, access);
  }

  /** Records an access token, which must not outlive its session. */
  renewed(session: Session, access: string): void {
    const name = `${session.name}.access${this.accessTokens.length}`;
    const expiresAt = Math.min(this.now + ACCESS_TTL, session.refresh.at(-1)!.expiresAt);
    this.issued({ name, text: access, session, expiresAt }, this.accessTokens);
  }

  /** Returns the moments to come at which something expires, soonest first. */
  limits(): number[] {
    const expiries = [...this.accessTokens, ...this.refreshTokens].map(({ expiresAt }) => expiresAt);
    const windows = this.refreshTokens.map(({ madeAt }) => madeAt + WINDOW);
    const ends = this.sessions.map(({ openedAt }) => openedAt + MAX_AGE);
    return [...new Set([...expiries, ...windows, ...ends])].filter((limit) => limit > this.now).sort((a, b) => a - b);
  }

  /** Checks that no token is issued twice, except a successor that is repeated. */
  private issued<T extends Token>(token: T, tokens: T[]): void {
    const texts = tokens.map(({ text }) => text);
    expect(texts, this.story()).not.toContain(token.text);
    expect(claimsOf(token.text), this.story()).toMatchObject({ sid: token.session.id, exp: token.expiresAt });
    tokens.push(token);
  }

  story(): string {
    return `\n${this.history.join('\n')}\n`;
  }
}

const newAccount = (): Account => ({ username: newName(), passwords: [], disabled: false });

let service: Service;
beforeAll(async () => {
  const env = {
    ACCESS_TOKEN_TTL: String(ACCESS_TTL),
    REFRESH_TOKEN_TTL: String(REFRESH_TTL),
    SESSION_MAX_AGE: String(MAX_AGE),
    REFRESH_REPLAY_WINDOW: String(WINDOW),
    INTROSPECTION_CLIENTS: `${CLIENT.id}:${createHash('sha256').update(CLIENT.secret).digest('hex')}`,
    // Thousands of runs together take months of the fake clock.
    KEY_ROTATION_DAYS: '3650',
    LOG_LEVEL: 'silent',
  };
  // Tokens hold whole seconds, and so does the clock here.
  service = await startService({ env, clock: new FakeClock(Math.ceil(Date.now() / 1000) * 1000) });
});
afterAll(() => service.stop());

interface Request {
  readonly bearer?: Token;
  readonly json?: object;
  readonly form?: Record<string, string>;
}

type Method = 'GET' | 'POST' | 'DELETE';

/** The members of all answers that the steps look at. */
interface Answer {
  readonly access?: string;
  readonly refresh?: string;
  readonly access_token?: string;
  readonly refresh_token?: string;
  readonly username?: string;
  readonly active?: boolean;
  readonly sessions?: readonly { readonly id: string; readonly current: boolean }[];
}

/** Makes a request that must get this status. Without a socket, so that there is time for many. */
async function ask(
  model: Model,
  what: string,
  status: number,
  method: Method,
  url: string,
  request: Request = {},
): Promise<Answer> {
  const { bearer, json, form } = request;
  const reply = await service.app.inject({
    method,
    url,
    headers: {
      ...(bearer && { authorization: `Bearer ${bearer.text}` }),
      ...(form && { authorization: CLIENT_AUTHORIZATION, 'content-type': 'application/x-www-form-urlencoded' }),
    },
    ...(json && { payload: json }),
    ...(form && { payload: new URLSearchParams(form).toString() }),
  });
  model.history.push(`${method} ${url}, ${what}: ${reply.statusCode}`);
  expect(reply.statusCode, model.story()).toBe(status);
  return reply.payload === '' ? {} : reply.json<Answer>();
}

function pairOf({ access, refresh, access_token, refresh_token }: Answer): Pair {
  return { access: (access ?? access_token)!, refresh: (refresh ?? refresh_token)! };
}

/**
 * Picks a token: counted from the newest and round again, among all that were issued or among those
 * of living sessions.
 */
interface Pick {
  readonly back: number;
  readonly dead: boolean;
}

const which: fc.Arbitrary<Pick> = fc
  .record({ back: fc.oneof({ weight: 3, arbitrary: fc.nat(2) }, { weight: 1, arbitrary: fc.nat(40) }), dead: oneIn(8) })
  .map((pick) => ({ ...pick, toString: () => `${pick.dead ? 'any' : 'living'} -${pick.back}` }));

function oneIn(n: number): fc.Arbitrary<boolean> {
  return fc.oneof({ weight: n - 1, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) });
}

function pick<T extends Token>(model: Model, tokens: readonly T[], { back, dead }: Pick): T {
  const living = dead ? [] : tokens.filter(({ session }) => model.lives(session));
  const candidates = living.length > 0 ? living : tokens;
  return candidates.at(-1 - (back % candidates.length))!;
}

class Step implements fc.AsyncCommand<Model, Service> {
  /**
   * @param picks the tokens that the step presents; without a living session the step learns little
   */
  constructor(
    private readonly name: string,
    readonly run: (model: Model) => Promise<void>,
    private readonly picks: readonly Pick[] = [],
  ) {}

  check(model: Readonly<Model>): boolean {
    return model.hasLiving || this.picks.every(({ dead }) => dead);
  }

  toString(): string {
    return [this.name, ...this.picks.map(String)].join(' ');
  }
}

/** A step that presents one token. */
function showing(name: string, run: (model: Model, pick: Pick) => Promise<void>): fc.Arbitrary<Step> {
  return which.map((pick) => new Step(name, (model) => run(model, pick), [pick]));
}

async function register(model: Model, contract: 'A' | 'B', account: Account): Promise<void> {
  const { username } = account;
  const form = { username, password: PASSWORD, email: `${username}@example.com`, first_name: '', last_name: '' };
  const [url, json] = contract === 'A' ? ['/auth/register', { username, password: PASSWORD }] : ['/user/signup', form];
  const body = await ask(model, username, 201, 'POST', url, { json });
  account.passwords.push(PASSWORD);
  model.opened(account, pairOf(body));
}

/** The first login of an account registers it. */
const logIn = fc
  .record({ contract: fc.constantFrom('A', 'B'), nth: fc.nat(1), outdated: oneIn(6) })
  .map(({ contract, nth, outdated }) => {
    const name = `log in to account ${nth} at ${contract}${outdated ? ' with its first password' : ''}`;
    return new Step(name, async (model) => {
      const account = model.accounts[nth]!;
      const { username, passwords, disabled } = account;
      if (passwords.length === 0) return register(model, contract, account);
      const password = passwords.at(outdated ? 0 : -1)!;
      const opens = !disabled && password === passwords.at(-1);
      const [url, success] = contract === 'A' ? ['/auth/token', 200] : ['/user/login', 201];
      const json = { username, password };
      const body = await ask(model, `${username}, ${password}`, opens ? success : 401, 'POST', url, { json });
      if (opens) model.opened(account, pairOf(body));
    });
  });

const refreshAtA = showing('refresh at A', async (model, which) => {
  const token = pick(model, model.refreshTokens, which);
  const { session } = token;
  const standing = model.show(token);
  const status = standing === 'refused' ? 401 : 200;
  const body = await ask(model, token.name, status, 'POST', '/auth/token/refresh', { json: { refresh: token.text } });
  if (standing === 'current') model.rotated(session, pairOf(body));
  if (standing !== 'parent') return;
  expect(body.refresh, model.story()).toBe(session.refresh.at(-1)!.text);
  model.renewed(session, body.access!);
});

/** Uses no token up. */
const refreshAtB = showing('refresh at B', async (model, which) => {
  const token = pick(model, model.refreshTokens, which);
  const renews = model.show(token) !== 'refused';
  const json = { refresh_token: token.text };
  const body = await ask(model, token.name, renews ? 201 : 401, 'POST', '/user/login/refresh', { json });
  if (renews) model.renewed(token.session, body.access_token!);
});

const verify = showing('verify', async (model, which) => {
  const token = pick(model, model.accessTokens, which);
  const status = model.honours(token) ? 200 : 401;
  await ask(model, token.name, status, 'POST', '/auth/token/verify', { json: { token: token.text } });
});

const getUser = showing('getuser', async (model, which) => {
  const bearer = pick(model, model.accessTokens, which);
  const honoured = model.honours(bearer);
  const body = await ask(model, bearer.name, honoured ? 200 : 401, 'GET', '/auth/getuser', { bearer });
  if (honoured) expect(body.username, model.story()).toBe(bearer.session.owner.username);
});

/** Introspection changes nothing, even for a replayed token. */
async function introspect(model: Model, token: Token, active: boolean): Promise<void> {
  const body = await ask(model, token.name, 200, 'POST', '/oauth/introspect', { form: { token: token.text } });
  expect(body.active, model.story()).toBe(active);
}

const introspectAccess = showing('introspect access token', async (model, which) => {
  const token = pick(model, model.accessTokens, which);
  await introspect(model, token, model.honours(token));
});

const introspectRefresh = showing('introspect refresh token', async (model, which) => {
  const token = pick(model, model.refreshTokens, which);
  await introspect(model, token, model.honours(token) && model.standingOf(token) !== 'replayed');
});

/**
 * Ends the session that both tokens belong to, expired or used as they may be. Tokens of two
 * sessions end nothing.
 */
const logOut = fc.record({ access: which, refresh: which, pair: fc.boolean() }).map(({ access, refresh, pair }) => {
  const run = async (model: Model) => {
    const one = pick(model, model.accessTokens, access);
    const other = pick(model, pair ? one.session.refresh : model.refreshTokens, refresh);
    const ends = one.session === other.session;
    const json = { access_token: one.text, refresh_token: other.text };
    await ask(model, `${one.name}, ${other.name}`, ends ? 204 : 401, 'DELETE', '/user/login', { json });
    if (ends) one.session.ended = true;
  };
  return new Step(`log out${pair ? ' with tokens of one session' : ''}`, run, [access, refresh]);
});

const revokeAccess = showing('revoke access token', (model, which) =>
  revoke(model, pick(model, model.accessTokens, which)),
);
const revokeRefresh = showing('revoke refresh token', (model, which) =>
  revoke(model, pick(model, model.refreshTokens, which)),
);

async function revoke(model: Model, { name, text, session }: Token): Promise<void> {
  await ask(model, name, 200, 'POST', '/oauth/revoke', { form: { token: text } });
  session.ended = true;
}

const listSessions = showing('list sessions', async (model, which) => {
  const bearer = pick(model, model.accessTokens, which);
  const honoured = model.honours(bearer);
  const { sessions } = await ask(model, bearer.name, honoured ? 200 : 401, 'GET', '/account/sessions', { bearer });
  if (!honoured) return;
  const listed = sessions!.map(({ id, current }) => ({ id, current }));
  const living = model.sessionsOf(bearer.session.owner);
  expect(listed, model.story()).toEqual(living.map(({ id }) => ({ id, current: id === bearer.session.id })));
});

const endSession = fc.tuple(which, which).map(([target, by]) => {
  const run = async (model: Model) => {
    const { session } = pick(model, model.refreshTokens, target);
    const bearer = pick(model, model.accessTokens, by);
    const isOwn = session.owner === bearer.session.owner && model.lives(session);
    const status = !model.honours(bearer) ? 401 : isOwn ? 204 : 404;
    await ask(model, bearer.name, status, 'DELETE', `/account/sessions/${session.id}`, { bearer });
    if (status === 204) session.ended = true;
  };
  return new Step('end session', run, [target, by]);
});

const endOthers = showing('end other sessions', async (model, which) => {
  const bearer = pick(model, model.accessTokens, which);
  const honoured = model.honours(bearer);
  await ask(model, bearer.name, honoured ? 204 : 401, 'DELETE', '/account/sessions?scope=others', { bearer });
  if (honoured) model.endSessions(bearer.session.owner, bearer.session);
});

const endAll = showing('end all sessions', async (model, which) => {
  const bearer = pick(model, model.accessTokens, which);
  const honoured = model.honours(bearer);
  await ask(model, bearer.name, honoured ? 204 : 401, 'DELETE', '/account/sessions?all=true', { bearer });
  if (honoured) model.endSessions(bearer.session.owner);
});

/** Ends the account's other sessions. */
const changePassword = fc.tuple(which, oneIn(4)).map(([by, outdated]) => {
  const run = async (model: Model) => {
    const bearer = pick(model, model.accessTokens, by);
    const { session } = bearer;
    const { passwords } = session.owner;
    const current = passwords.at(outdated ? 0 : -1)!;
    const next = `${PASSWORD} ${passwords.length}`;
    const status = !model.honours(bearer) ? 401 : current === passwords.at(-1) ? 204 : 400;
    const json = { current_password: current, new_password: next };
    await ask(model, `${bearer.name}, from ${current}`, status, 'POST', '/account/password', { bearer, json });
    if (status !== 204) return;
    passwords.push(next);
    model.endSessions(session.owner, session);
  };
  return new Step(`change password${outdated ? ', giving the first as current' : ''}`, run, [by]);
});

/** Disables an account as operators do. Its sessions stay dead when the account is enabled again. */
const disable = fc.nat(1).map(
  (nth) =>
    new Step(`disable account ${nth}`, async (model) => {
      const account = model.accounts[nth]!;
      await operate(model, 'disabled_at = 1, session_epoch = session_epoch + 1', account);
      model.endSessions(account);
      account.disabled = account.passwords.length > 0;
    }),
);

const enable = fc.nat(1).map(
  (nth) =>
    new Step(`enable account ${nth}`, async (model) => {
      const account = model.accounts[nth]!;
      await operate(model, 'disabled_at = NULL', account);
      account.disabled = false;
    }),
);

async function operate(model: Model, change: string, { username }: Account): Promise<void> {
  model.history.push(`${change}, ${username}`);
  await service.dataSource.query(`UPDATE users SET ${change} WHERE username = ?`, [username]);
}

const wait = fc
  .constantFrom(...[WINDOW, ACCESS_TTL, REFRESH_TTL, MAX_AGE].flatMap((limit) => [limit - 1, limit, limit + 1]))
  .map(
    (seconds) =>
      new Step(`wait ${seconds} s`, async (model) => {
        advance(model, seconds);
      }),
  );

/** Moves the clock to a moment at which something expires, or to the second before or after it. */
const waitForLimit = fc.record({ nth: fc.nat(5), off: fc.constantFrom(0, -1, 1) }).map(({ nth, off }) => {
  const run = async (model: Model) => {
    const limits = model.limits();
    if (limits.length > 0) advance(model, limits[nth % limits.length]! + off - model.now);
  };
  return new Step(`wait for limit ${nth}, ${off} s`, run);
});

function advance(model: Model, seconds: number): void {
  model.history.push(`${seconds} s pass`);
  service.clock.advance(seconds);
}

/** Uses are frequent and ends rare, so that sessions live long enough to meet their limits. */
const step = fc.oneof(
  { weight: 5, arbitrary: logIn },
  { weight: 14, arbitrary: refreshAtA },
  { weight: 5, arbitrary: refreshAtB },
  { weight: 3, arbitrary: verify },
  { weight: 3, arbitrary: getUser },
  { weight: 1, arbitrary: introspectAccess },
  { weight: 2, arbitrary: introspectRefresh },
  { weight: 2, arbitrary: logOut },
  { weight: 1, arbitrary: revokeAccess },
  { weight: 1, arbitrary: revokeRefresh },
  { weight: 2, arbitrary: listSessions },
  { weight: 2, arbitrary: endSession },
  { weight: 2, arbitrary: endOthers },
  { weight: 1, arbitrary: endAll },
  { weight: 2, arbitrary: changePassword },
  { weight: 1, arbitrary: disable },
  { weight: 1, arbitrary: enable },
  { weight: 1, arbitrary: wait },
  { weight: 8, arbitrary: waitForLimit },
);

it(
  'sessions keep to their rules, whatever is done in whatever order',
  async () => {
    const property = fc.asyncProperty(fc.commands([step], { maxCommands: 30, size: 'max' }), async (steps) => {
      const model = new Model(service.clock);
      await register(model, 'A', model.accounts[0]!);
      await fc.asyncModelRun(() => ({ model, real: service }), steps);
      for (const session of model.sessions) await introspect(model, session.refresh.at(-1)!, model.lives(session));
    });
    await fc.assert(property, { numRuns: RUNS });
  },
  TIMEOUT_MS,
);
