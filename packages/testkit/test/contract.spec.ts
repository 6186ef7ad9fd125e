import type { OpenAPIObject } from '@nestjs/swagger';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ContractChecker } from '../src/contract/checker.js';
import { ContractLog } from '../src/contract/contract-log.js';
import { EarlyRetries } from '../src/contract/early-retries.js';
import type { CheckedExchange } from '../src/contract/exchange.js';
import type { Exchange, Exchanges } from '../src/exchanges.js';
import { type RunningLatchkey, startLatchkey } from '../src/index.js';

const PASSWORD = 'correct horse battery staple';
const ALICE = { username: 'alice', password: PASSWORD };
const JSON_TYPE = { 'content-type': 'application/json' };
let kit: RunningLatchkey;
let document: OpenAPIObject;
let checker: ContractChecker;

beforeAll(async () => {
  kit = await startLatchkey({ seed: [{ ...ALICE, email: 'alice@example.com' }] });
  document = (await (await fetch(`${kit.url}/openapi.json`)).json()) as OpenAPIObject;
  checker = new ContractChecker(document);
});
beforeEach(() => kit.reset());
afterAll(() => kit.stop());

interface Reply {
  readonly status: number;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly body: any;
}

async function call(method: string, path: string, json?: unknown, headers = {}): Promise<Reply> {
  const response = await fetch(kit.url + path, {
    method,
    headers: { ...(json !== undefined && JSON_TYPE), ...headers },
    ...(json !== undefined && { body: JSON.stringify(json) }),
  });
  const text = await response.text();
  const isJson = text !== '' && response.headers.get('content-type')?.includes('json');
  return { status: response.status, body: isJson ? JSON.parse(text) : text };
}
const login = (username: string, password: string) => call('POST', '/auth/token', { username, password });
const kinds = (violations: readonly { kind: string }[]) => violations.map(({ kind }) => kind);
const found = async (side: string) => (await kit.contract.violations()).filter((violation) => violation.side === side);

/** An answer to a wrong password, as the document has it. */
const REFUSED: CheckedExchange = {
  method: 'POST',
  url: '/auth/token',
  status: 401,
  headers: { 'content-type': 'application/json; charset=utf-8', 'www-authenticate': 'Bearer' },
  text: '{"detail":"No active account found with the given credentials"}',
  requestHeaders: JSON_TYPE,
  requestBody: ALICE,
};
const LOGGED_OUT: CheckedExchange = { method: 'DELETE', url: '/user/login', status: 204, headers: {}, text: '' };
/** What the kit knows of an exchange beside its contents. */
const ENDED = { number: 1, endedBefore: 0, startedAt: 0, at: 0 };
const CHALLENGE = { 'www-authenticate': 'Bearer' };

describe('The check of answers', () => {
  it.each([
    ['an answer with a body', REFUSED],
    ['an answer without a body', LOGGED_OUT],
    ['a path with a trailing slash and a query', { ...REFUSED, url: '/auth/token/?next=home' }],
    ['an answer to HEAD', { ...REFUSED, method: 'HEAD', url: '/auth/getuser', text: '' }],
    ['an unknown route', { ...REFUSED, url: '/nothing', status: 404 }],
    ['a preflight request', { ...LOGGED_OUT, method: 'OPTIONS' }],
    ['Swagger UI', { ...LOGGED_OUT, method: 'GET', url: '/docs/swagger-ui.css', status: 200, text: 'body {}' }],
    ['a URL that cannot be decoded', { ...REFUSED, status: 400, text: '{"detail":"bad request"}' }],
    ['a client that has gone', { ...REFUSED, status: 499, text: '' }],
  ])('accepts %s', (_case, exchange) => {
    expect(checker.checkAnswer(exchange)).toEqual([]);
  });

  it.each<[kind: string, message: RegExp, doctored: Partial<CheckedExchange>]>([
    ['undocumented_route', /not documented/, { url: '/nothing', status: 200 }],
    ['undocumented_route', /not documented/, { method: 'PUT', status: 200 }],
    ['undocumented_status', /418/, { status: 418 }],
    ['undocumented_media_type', /text\/html/, { headers: { ...CHALLENGE, 'content-type': 'text/html' } }],
    ['undocumented_media_type', /is none/, { headers: CHALLENGE }],
    ['missing_header', /WWW-Authenticate/, { headers: JSON_TYPE }],
    ['wrong_body', /not JSON/, { text: '{"detail":' }],
    ['wrong_body', /not JSON/, { text: '' }],
    ['wrong_body', /hint/, { text: REFUSED.text.replace('}', ',"hint":"no such user"}') }],
    ['wrong_body', /detail/, { text: '{}' }],
    ['wrong_body', /allowed values/, { text: '{"detail":"wrong password"}' }],
  ])('finds %s, and says %s', (kind, message, doctored) => {
    const violations = checker.checkAnswer({ ...REFUSED, ...doctored });

    expect(violations).toMatchObject([{ side: 'answer', kind }]);
    expect(violations[0]!.message).toMatch(message);
  });

  it('finds a body where none is documented', () => {
    expect(kinds(checker.checkAnswer({ ...LOGGED_OUT, text: '{}' }))).toEqual(['wrong_body']);
  });
});

describe('The check of requests', () => {
  const TOKEN = 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln';

  it.each<[name: string, request: Partial<CheckedExchange>]>([
    ['fields that the operation takes', {}],
    ['a form', { requestHeaders: { 'content-type': 'application/x-www-form-urlencoded', 'content-length': '9' } }],
    ['a body that the service has refused', { status: 400, requestBody: { name: 'alice' } }],
    ['either member of two kinds of bodies', { url: '/auth/token/refresh', requestBody: { token: 'x' } }],
    ['a missing body', { requestHeaders: {}, requestBody: undefined }],
    ['a media type without a body', { method: 'DELETE', url: '/account/sessions?scope=all', requestBody: {} }],
    ['a query without credentials', { url: '/auth/token?token_type=access&tokens=3&token=' }],
    ['an icon that browsers ask for', { method: 'GET', url: '/favicon.ico', status: 404 }],
    ['a preflight request', { method: 'OPTIONS', status: 204 }],
  ])('accepts %s', (_name, request) => {
    expect(checker.checkRequest({ ...REFUSED, ...request })).toEqual([]);
  });

  it.each<[kind: string, named: string, request: Partial<CheckedExchange>]>([
    ['unknown_route', 'no such operation', { url: '/auth/tokens', status: 404 }],
    ['unknown_route', 'no such operation', { method: 'PUT', status: 405 }],
    ['unknown_field', 'remember', { requestBody: { ...ALICE, remember: true } }],
    ['unknown_field', 'all', { method: 'DELETE', url: '/account/sessions?scope=all', requestBody: { all: true } }],
    ['wrong_media_type', 'text/plain', { requestHeaders: { 'content-type': 'text/plain', 'content-length': '2' } }],
    ['wrong_media_type', 'no media type', { requestHeaders: { 'transfer-encoding': 'chunked' }, status: 415 }],
    [
      'wrong_media_type',
      'urlencoded',
      { url: '/user/login', requestHeaders: { 'content-type': 'x-www-form-urlencoded' } },
    ],
    ['credentials_in_query', 'password', { url: '/auth/token?password=x' }],
    ['credentials_in_query', 'Refresh-Token', { url: '/auth/token?Refresh-Token=x' }],
    ['credentials_in_query', 'q', { url: `/auth/token?q=${TOKEN}` }],
  ])('finds %s, and names %s', (kind, named, request) => {
    const violations = checker.checkRequest({ ...REFUSED, ...request });

    expect(violations).toMatchObject([{ side: 'request', kind }]);
    expect(violations[0]!.message).toContain(named);
  });

  it('leaves credentials out of the violations', () => {
    for (const url of ['/nothing?password=open-sesame', `/nothing?q=${TOKEN}`, `/nothing/${TOKEN}`])
      expect(JSON.stringify(checker.checkRequest({ ...REFUSED, url }))).not.toMatch(/open-sesame|eyJ/);
  });
});

describe('The list of violations', () => {
  it('stays empty through the flows of both contracts, and has no fault of the service in refusals', async () => {
    const bearer = (access: string) => ({ Authorization: `Bearer ${access}` });
    const bob = { username: 'bob', email: 'bob@example.com', password: PASSWORD, first_name: 'Bob', last_name: '' };
    const a = await login('alice', PASSWORD);
    const b = await call('POST', '/user/login', ALICE);
    const good = [
      a.status,
      (await call('POST', '/auth/register', { username: 'carol', password: PASSWORD })).status,
      (await call('POST', '/auth/token/refresh', { refresh: a.body.refresh })).status,
      (await call('POST', '/auth/token/verify', { token: a.body.access })).status,
      (await call('GET', '/auth/getuser', undefined, bearer(a.body.access))).status,
      (await call('GET', '/account/sessions', undefined, bearer(a.body.access))).status,
      b.status,
      (await call('POST', '/user/signup', bob)).status,
      (await call('POST', '/user/login/refresh', { refresh_token: b.body.refresh_token })).status,
      (await call('DELETE', '/user/login', b.body)).status,
      (await call('GET', '/.well-known/jwks.json')).status,
      (await call('GET', '/docs')).status,
      (await call('HEAD', '/readyz')).status,
    ];
    expect(good).toEqual([200, 201, 200, 200, 200, 200, 201, 201, 201, 204, 200, 200, 200]);
    expect(await kit.contract.violations()).toEqual([]);

    const bad = [
      (await login('alice', 'wrong')).status,
      (await call('POST', '/user/login', { username: 'alice', password: 'wrong' })).status,
      (await call('GET', '/auth/getuser')).status,
      (await call('POST', '/auth/token', { username: 'alice' })).status,
      (await call('POST', '/user/signup', { ...bob, username: '' })).status,
      (await call('POST', '/auth/register', { username: 'bob', password: PASSWORD })).status,
      (await call('POST', '/user/signup', bob)).status,
      (await call('POST', '/auth/token', 'text')).status,
      (await call('DELETE', '/account/sessions/%zz')).status,
      (await call('PUT', '/auth/token', {})).status,
      (await call('POST', '/user/login', 'x', { 'content-type': 'text/plain' })).status,
      (await call('POST', '/auth/token', { username: 'x'.repeat(20_000) })).status,
      (await call('DELETE', '/account/sessions/1', 'x', { 'content-type': 'text/plain' })).status,
    ];
    await kit.settings.change({ RATE_LIMIT: 'on', LOGIN_LIMIT: 1, SIGNUP_LIMIT: 1 });
    for (let i = 0; i < 2; i++) bad.push((await login('alice', 'wrong')).status);
    for (let i = 0; i < 2; i++)
      bad.push((await call('POST', '/user/login', { username: 'bob', password: 'wrong' })).status);
    for (const username of ['dave', 'erin'])
      bad.push((await call('POST', '/auth/register', { username, password: PASSWORD })).status);
    expect(bad).toEqual([
      401, 401, 401, 400, 400, 409, 409, 400, 400, 405, 415, 413, 415, 401, 429, 401, 429, 201, 429,
    ]);
    expect(await found('answer')).toEqual([]);
    expect(kinds(await found('request'))).toEqual(['unknown_route', 'wrong_media_type']);
  });

  it('has what clients did, until it is cleared', async () => {
    await call('POST', '/auth/token?utm=1', { ...ALICE, remember: true });
    const place = { method: 'POST', url: '/auth/token?utm=1', status: 200 };

    expect(await kit.contract.violations()).toMatchObject([{ side: 'request', kind: 'unknown_field', ...place }]);
    await kit.contract.clear();
    expect(await kit.contract.violations()).toEqual([]);
  });

  it('is empty after a reset, also of exchanges that no test has asked about', async () => {
    await call('GET', '/nothing');
    await kit.reset();

    expect(await kit.contract.violations()).toEqual([]);
  });

  it('leaves out an answer that a test has asked for', () => {
    let listener: (exchange: Exchange) => void = () => undefined;
    const exchanges = { subscribe: (given: typeof listener) => (listener = given) } as unknown as Exchanges;
    const log = new ContractLog(exchanges, () => document);
    for (const fault of [{ fault: 'fail' } as const, {}])
      listener({ ...REFUSED, ...ENDED, requestHeaders: {}, requestBody: {}, status: 418, ...fault });

    expect(kinds(log.list())).toEqual(['undocumented_status']);
  });

  it('keeps the latest thousand', async () => {
    for (let i = 0; i < 1_010; i++) await call('GET', `/nothing/${i}`);
    const violations = await kit.contract.violations();

    expect(violations.map(({ url }) => url)).toEqual(Array.from({ length: 1_000 }, (_, i) => `/nothing/${i + 10}`));
  });

  it('is one of the tenant alone', async () => {
    const tenant = kit.tenant('contract');
    await fetch(`${tenant.url}/nothing`);

    expect(kinds(await tenant.contract.violations())).toEqual(['unknown_route']);
    expect(await kit.contract.violations()).toEqual([]);
  });
});

describe('A retry', () => {
  /** Uses up the budget of a name, and returns the seconds that its next request must wait. */
  async function throttle(username: string): Promise<number> {
    await login(username, 'wrong');
    const response = await fetch(`${kit.url}/auth/token`, {
      method: 'POST',
      headers: JSON_TYPE,
      body: JSON.stringify({ username, password: 'wrong' }),
    });
    expect(response.status).toBe(429);
    return Number(response.headers.get('retry-after'));
  }

  beforeEach(() => kit.settings.change({ RATE_LIMIT: 'on', LOGIN_LIMIT: 1 }));

  it('is a violation before its Retry-After is over', async () => {
    const seconds = await throttle('alice');
    await kit.clock.advance(seconds - 2);
    await login('Alice', PASSWORD);

    expect(await kit.contract.violations()).toMatchObject([
      { side: 'request', kind: 'early_retry', message: expect.stringMatching(/ [12] s before .*429/) as string },
    ]);
  });

  it('is none after the Retry-After by the clock of the tenant', async () => {
    await kit.clock.freeze();
    await kit.clock.advance(await throttle('alice'));
    await login('alice', PASSWORD);

    expect(await kit.contract.violations()).toEqual([]);
  });

  it('is none once a test has cleared the limits', async () => {
    await throttle('alice');
    await kit.limits.clear();
    await login('alice', PASSWORD);

    expect(await kit.contract.violations()).toEqual([]);
  });

  it('is none if the request came while the service was refusing the one before', () => {
    const at = 1_800_000_000_000;
    const refusal = { ...REFUSED, status: 429, headers: { 'retry-after': '60' }, requestHeaders: {} };
    const first = { ...refusal, ...ENDED, requestBody: ALICE, startedAt: at - 5, at };
    const next = (endedBefore: number) => ({ ...first, number: 2, endedBefore, startedAt: at, at: at + 5 });
    const checkBoth = (endedBefore: number) => {
      const retries = new EarlyRetries();
      return [retries.check(first), retries.check(next(endedBefore))];
    };

    expect(checkBoth(0)).toEqual([undefined, undefined]);
    expect(checkBoth(1)).toEqual([undefined, expect.objectContaining({ kind: 'early_retry' })]);
  });

  it('is none once a test has changed the limits', async () => {
    await throttle('alice');
    await kit.settings.change({ RATE_LIMIT: 'off' });
    await login('alice', PASSWORD);

    expect(await kit.contract.violations()).toEqual([]);
  });

  it('of another name or at another route is none', async () => {
    await throttle('alice');
    await login('bob', PASSWORD);
    await call('POST', '/user/login', ALICE);

    expect(await kit.contract.violations()).toEqual([]);
  });
});

describe('The check of captured exchanges', () => {
  const captured = {
    method: 'post',
    url: 'https://auth.example.com/t/w1/auth/token',
    status: 401,
    headers: { 'Content-Type': 'application/json', 'WWW-Authenticate': 'Bearer' },
    body: REFUSED.text,
    request: { headers: { 'Content-Type': 'application/json' }, body: ALICE },
  };

  it('takes one exchange, with its body as a text or as a value', async () => {
    expect(await kit.contract.check(captured)).toEqual([]);
    expect(await kit.contract.check({ ...captured, body: JSON.parse(REFUSED.text) })).toEqual([]);
    expect(await kit.contract.check({ method: 'GET', url: '/livez', status: 500 })).toMatchObject([
      { exchange: 0, side: 'answer', kind: 'undocumented_status', method: 'GET', url: '/livez', status: 500 },
    ]);
  });

  it('takes an array, and tells which exchange has which violation', async () => {
    const violations = await kit.contract.check([
      { ...captured, body: { detail: 'wrong password' } },
      captured,
      {
        ...captured,
        request: { headers: { 'Content-Type': 'application/json' }, body: '{"username":"a","name":"b"}' },
      },
      {
        ...captured,
        request: { headers: { 'Content-Type': 'application/x-www-form-urlencoded' }, body: 'username=a&remember=on' },
      },
    ]);

    expect(violations.map(({ exchange, kind }) => [exchange, kind])).toEqual([
      [0, 'wrong_body'],
      [2, 'unknown_field'],
      [3, 'unknown_field'],
    ]);
  });

  it('adds nothing to the list', async () => {
    await kit.contract.check({ ...captured, url: '/nothing', status: 404 });

    expect(await kit.contract.violations()).toEqual([]);
  });

  it.each([
    ['without a status', { method: 'GET', url: '/livez' }],
    ['with a member that it does not know', { ...captured, answer: {} }],
    ['with headers that are not texts', { ...captured, headers: { Age: 1 } }],
  ])('refuses an exchange %s', async (_case, json) => {
    expect((await call('POST', '/_test/v1/contract/check', json)).status).toBe(400);
  });

  it('is documented with the other routes of the contract', async () => {
    const { paths } = (await call('GET', '/openapi.json')).body;

    expect(Object.keys(paths['/_test/v1/contract/violations']).sort()).toEqual(['delete', 'get']);
    expect(Object.keys(paths['/_test/v1/contract/check'])).toEqual(['post']);
  });
});
