import { createHash } from 'node:crypto';
import { METHODS } from 'node:http';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { newName, PASSWORD, register, signUp } from '../support/accounts.js';
import { answersTo, answerTo, bytesOf, type RawAnswer, type RawRequest } from '../support/raw-http.js';
import { type Service, startService } from '../support/service.js';
import { expectLogged, expectSound } from '../support/soundness.js';
import {
  BOUNDARIES,
  DISPOSITIONS,
  INNER_NAMES,
  KINDS_OF_PARTS,
  ODD_HEADER_VALUES,
  ODD_HEADERS,
  ODD_MEDIA_TYPES,
  ODD_NAMES,
  ODD_QUERIES,
  ODD_TEXTS,
  PIECES_OF_PATHS,
} from './odd-values.js';

const RUNS = Number(process.env['FUZZ_RUNS'] ?? (inject('mysqlUrl') ? 150 : 300));
const TIMEOUT_MS = 30_000 + 100 * RUNS;
/** Repeats a run: a failure prints its seed. */
const SEED = process.env['FUZZ_SEED'];
const PARAMETERS = { numRuns: RUNS, ...(SEED && { seed: Number(SEED) }) };

const CLIENT_ID = 'resource-server';
const CLIENT_SECRET = 'a-secret-of-its-own';
const CLIENT = `${CLIENT_ID}:${createHash('sha256').update(CLIENT_SECRET).digest('hex')}`;
const CLIENT_AUTHORIZATION = `Basic ${Buffer.from(`${CLIENT_ID}:${CLIENT_SECRET}`).toString('base64')}`;

/** Stands in every value that no contract allows. The store must never contain it. */
const MARK = 'smuggled';

interface Route {
  readonly method: string;
  readonly path: string;
  readonly fields: readonly string[];
}

const ROUTES: readonly Route[] = [
  { method: 'POST', path: '/auth/register', fields: ['username', 'password'] },
  { method: 'POST', path: '/auth/token', fields: ['username', 'password'] },
  { method: 'POST', path: '/auth/token/refresh', fields: ['refresh', 'token'] },
  { method: 'POST', path: '/auth/token/verify', fields: ['token'] },
  { method: 'POST', path: '/user/signup', fields: ['username', 'email', 'password', 'first_name', 'last_name'] },
  { method: 'POST', path: '/user/login', fields: ['username', 'password'] },
  { method: 'POST', path: '/user/login/refresh', fields: ['refresh_token'] },
  { method: 'DELETE', path: '/user/login', fields: ['access_token', 'refresh_token'] },
  { method: 'POST', path: '/account/password', fields: ['current_password', 'new_password'] },
  { method: 'POST', path: '/oauth/introspect', fields: ['token'] },
  { method: 'POST', path: '/oauth/revoke', fields: ['token'] },
  { method: 'GET', path: '/auth/getuser', fields: [] },
  { method: 'GET', path: '/account/sessions', fields: [] },
  { method: 'DELETE', path: '/account/sessions/nobody', fields: [] },
];
const FIELDS = [...new Set(ROUTES.flatMap(({ fields }) => fields))];

type Account = Awaited<ReturnType<typeof signUp>>;

let service: Service;
/** An account that no request may change. */
let victim: { readonly access: string };
/** The account that sends the requests. */
let attacker: Account;
/** An account whose credentials and tokens the attacker knows. */
let mule: Account;
let untouched: unknown;

beforeAll(async () => {
  service = await startService({ env: { INTROSPECTION_CLIENTS: CLIENT, RATE_LIMIT: 'off' } });
  // The requests contain PASSWORD. With that password, some of them would be valid logins.
  victim = await register(service.client, 'victim', 'known to the victim alone');
  untouched = await rowsOfVictim();
});
beforeEach(async () => {
  attacker = await signUp(service.client, `attacker-${newName()}`);
  mule = await signUp(service.client, `mule-${newName()}`);
});
afterAll(() => service.stop());

/** Returns the keys of the built-in prototypes, including those that the test runner adds. */
const prototypes = () => [Object, Array, String, Function].map((each) => Reflect.ownKeys(each.prototype as object));
const PROTOTYPES = prototypes();

const rowsOf = (sql: string, values: unknown[] = []) =>
  service.dataSource.query<Record<string, unknown>[]>(sql, values);

async function rowsOfVictim(): Promise<unknown> {
  const users = await rowsOf("SELECT * FROM users WHERE username = 'victim'");
  return [users, await rowsOf('SELECT * FROM sessions WHERE user_id = ?', [users[0]?.['id']])];
}

/** Checks that the prototypes, the victim and the tables are unharmed. */
async function expectUnharmed(): Promise<void> {
  expect(prototypes()).toEqual(PROTOTYPES);
  expect(await rowsOfVictim()).toEqual(untouched);
  for (const table of ['users', 'sessions', 'signing_keys'])
    expect(JSON.stringify(await rowsOf(`SELECT * FROM ${table}`)), table).not.toContain(MARK);
  for (const user of await rowsOf("SELECT * FROM users WHERE username NOT LIKE 'attacker-%'"))
    expect(user).toMatchObject({
      id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/) as unknown,
      password_hash: expect.stringMatching(/^\$argon2id\$/) as unknown,
      session_epoch: 0,
      kept_session_id: null,
      kept_epoch: null,
      disabled_at: null,
    });
  expect((await service.client.get('/auth/getuser', victim.access)).body).toEqual({ username: 'victim' });
}

/** Sends a request, and checks its answer and its log line as every answer must be. */
async function send(request: RawRequest, path: string | undefined = pathOf(request.target)): Promise<RawAnswer> {
  const since = service.log.length;
  const answer = await answerTo(service.url, request);
  expectSound(answer, path, request.method);
  await expectLogged(service, answer, since);
  return answer;
}

/**
 * Returns the path by which a target is routed: decoded if possible, else as it is.
 * Returns undefined for a target with a host.
 */
function pathOf(target: string): string | undefined {
  if (!target.startsWith('/')) return undefined;
  const path = target.split(/[?#]/, 1)[0] ?? '';
  try {
    return decodeURI(path);
  } catch {
    return path;
  }
}

const contentType = (mediaType: string): [string, string] => ['Content-Type', mediaType];
const credentialsFor = (path: string): [string, string] => [
  'Authorization',
  path.startsWith('/oauth') ? CLIENT_AUTHORIZATION : `Bearer ${attacker.access}`,
];

const oddText = fc.oneof(
  fc.constantFrom(...ODD_TEXTS),
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.string({ unit: 'grapheme', maxLength: 200 }),
  fc.string({ maxLength: 3_000 }),
  // Code units instead of characters, so that lone surrogates occur.
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 20 }).map((units) => String.fromCharCode(...units)),
);
const ownValue = fc
  .constantFrom('access' as const, 'refresh' as const, 'username' as const, 'email' as const, 'password' as const)
  .map((name) => mule[name]);
const oddValue = fc.oneof(
  { weight: 4, arbitrary: oddText },
  { weight: 2, arbitrary: ownValue },
  { weight: 2, arbitrary: fc.jsonValue() },
  { weight: 1, arbitrary: fc.constantFrom<unknown>(PASSWORD, null, 0, -0, 1e308, 2 ** 53, true, [], {}, [''], [[]]) },
);
const markedValue = fc.oneof(
  { weight: 3, arbitrary: fc.constant<unknown>(MARK) },
  fc.constantFrom<unknown>([MARK], { [MARK]: MARK }, { toString: MARK }, { username: MARK, password: PASSWORD }),
);

/** Returns valid values for a field. */
function soundValue(name: string): fc.Arbitrary<unknown> {
  if (name === 'username') return fc.uuid().map((id) => `u-${id}`);
  if (name === 'email') return fc.uuid().map((id) => `${id}@example.com`);
  if (name.includes('password')) return fc.constant(PASSWORD);
  if (name.includes('name')) return fc.constant('Name');
  return fc.constant(name).map(() => (name.includes('refresh') ? mule.refresh : mule.access));
}

const route = fc.constantFrom(...ROUTES);
type Entry = [name: string, value: unknown];

/**
 * Returns the fields of a body in the order in which they are sent. Some fields of the route are
 * missing or repeated, and foreign fields are added.
 */
function entriesFor({ fields }: Route): fc.Arbitrary<Entry[]> {
  const valueOf = (name: string) =>
    fc.oneof({ weight: 3, arbitrary: soundValue(name) }, { weight: 1, arbitrary: oddValue });
  const own = fc.tuple(...fields.map((name) => fc.tuple(fc.constant(name), valueOf(name))));
  const again = fc.tuple(fc.constantFrom(...(fields.length > 0 ? fields : ['token'])), oddValue);
  const foreignName = fc.oneof(
    fc.constantFrom(...INNER_NAMES.filter((name) => !fields.includes(name))),
    fc.constantFrom(...ODD_NAMES, ...FIELDS.filter((name) => !fields.includes(name))),
    fc.string({ maxLength: 30 }),
  );
  const foreign = fc.array(fc.tuple(foreignName, markedValue), { maxLength: 4 });
  const whole = fc.tuple(own, foreign).map(([one, others]): Entry[] => [...one, ...others]);
  const torn = fc
    .tuple(own, fc.array(again, { maxLength: 2 }), foreign)
    .chain(([one, two, others]) => fc.shuffledSubarray<Entry>([...one, ...two, ...others]));
  return fc.oneof(whole, torn);
}

/** Builds the text by hand, since an object cannot repeat a name or have `__proto__` as a field. */
const jsonOf = (entries: Entry[]) =>
  `{${entries.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',')}}`;

const formOf = (entries: Entry[]) =>
  new URLSearchParams(
    entries.map(([name, value]): [string, string] => [name, typeof value === 'string' ? value : JSON.stringify(value)]),
  ).toString();

describe('Random bodies', () => {
  it('do no harm as JSON', { timeout: TIMEOUT_MS }, async () => {
    const cases = route.chain((each) => fc.tuple(fc.constant(each), entriesFor(each)));
    await fc.assert(
      fc.asyncProperty(cases, async ([{ method, path }, entries]) => {
        const headers = [contentType('application/json'), credentialsFor(path)];
        await send({ method, target: path, headers, body: jsonOf(entries) });
      }),
      PARAMETERS,
    );
    await expectUnharmed();
  });

  it('do no harm as forms', { timeout: TIMEOUT_MS }, async () => {
    const cases = fc
      .constantFrom(...ROUTES.filter(({ path }) => /^\/(auth|oauth)/.test(path)))
      .chain((each) => fc.tuple(fc.constant(each), entriesFor(each), fc.stringMatching(/^(&|=|%|%ff|\+|;){0,3}$/)));
    await fc.assert(
      fc.asyncProperty(cases, async ([{ method, path }, entries, tail]) => {
        const headers = [contentType('application/x-www-form-urlencoded'), credentialsFor(path)];
        await send({ method, target: path, headers, body: formOf(entries) + tail });
      }),
      PARAMETERS,
    );
    await expectUnharmed();
  });

  it('do no harm as multipart forms', { timeout: TIMEOUT_MS }, async () => {
    const partOf = ({ fields }: Route) =>
      fc.tuple(
        fc.constantFrom(...DISPOSITIONS),
        fc.constantFrom(...KINDS_OF_PARTS),
        fc.constantFrom(...fields, ...ODD_NAMES),
        oddText,
      );
    const cases = fc
      .constantFrom(...ROUTES.filter(({ path, fields }) => path.startsWith('/auth') && fields.length > 0))
      .chain((each) =>
        fc.tuple(
          fc.constant(each),
          fc.constantFrom(...BOUNDARIES),
          fc.array(partOf(each), { maxLength: 5 }),
          fc.constantFrom('--\r\n', '--', '', '\r\n', 'x'),
        ),
      );
    await fc.assert(
      fc.asyncProperty(cases, async ([{ method, path }, boundary, parts, end]) => {
        const written = parts.map(
          ([how, kind, name, value]) => `--${boundary}\r\n${how.replace('NAME', name)}\r\n${kind}\r\n${value}\r\n`,
        );
        const headers = [contentType(`multipart/form-data; boundary=${boundary}`)];
        await send({ method, target: path, headers, body: `${written.join('')}--${boundary}${end}` });
      }),
      PARAMETERS,
    );
    await expectUnharmed();
  });

  it('do no harm as raw bytes under any media type', { timeout: TIMEOUT_MS }, async () => {
    const mediaType = fc.oneof(
      fc.constantFrom(...ODD_MEDIA_TYPES),
      // All characters that the value of a header may contain.
      fc.stringMatching(/^[!-~\x80-\xff]([\t -~\x80-\xff]{0,60}[!-~\x80-\xff])?$/),
    );
    const repeated = fc.tuple(
      fc.constantFrom('[', '{"a":', '{"username":[', '"', '\\u', '1', '{"":"",'),
      fc.nat(6_000),
    );
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 2_000 }),
      fc.json().map((text) => Buffer.from(text)),
      // Texts in encodings that their media type does not declare.
      oddText.map((text) => Buffer.from(JSON.stringify({ username: text, password: text }), 'utf16le')),
      oddText.map((text) => Buffer.from(JSON.stringify({ token: text }), 'latin1')),
      oddText.map((text) => Buffer.from(`\ufeff{"token":"${text}"}`)),
      repeated.map(([text, times]) => Buffer.from(text.repeat(times).slice(0, 16_000))),
    );
    await fc.assert(
      fc.asyncProperty(route, mediaType, bytes, async ({ method, path }, type, body) => {
        await send({ method, target: path, headers: [contentType(type), credentialsFor(path)], body });
      }),
      PARAMETERS,
    );
    await expectUnharmed();
  });
});

describe('Random URLs', () => {
  it('are answered in the dialect of their path', { timeout: TIMEOUT_MS }, async () => {
    const method = fc.constantFrom(...METHODS.filter((name) => name !== 'CONNECT'));
    const target = fc.oneof(
      fc.array(fc.constantFrom(...PIECES_OF_PATHS), { minLength: 1, maxLength: 6 }).map((pieces) => pieces.join('')),
      fc.stringMatching(/^[!-~]{1,80}$/),
      fc.stringMatching(/^\/[!-~]{1,80}$/),
      fc.webUrl({ withQueryParameters: true, withFragments: true }),
    );
    const short = target.filter((text) => text.length < 7_000);
    await fc.assert(
      fc.asyncProperty(method, short, async (verb, url) => {
        // A refusal by the parser has a body even for HEAD.
        fc.pre(verb !== 'HEAD' || url.startsWith('/'));
        await send({ method: verb, target: url, headers: [credentialsFor(url)] });
      }),
      PARAMETERS,
    );
    await expectUnharmed();
  });

  it('do no harm by their query', { timeout: TIMEOUT_MS }, async () => {
    const endSessions = { method: 'DELETE', path: '/account/sessions', fields: [] };
    const query = fc.oneof(
      fc.webQueryParameters(),
      fc.stringMatching(/^[!-~]{0,60}$/),
      fc.constantFrom(...ODD_QUERIES),
    );
    await fc.assert(
      fc.asyncProperty(fc.oneof(route, fc.constant(endSessions)), query, async ({ method, path }, text) => {
        await send({ method, target: `${path}?${text}`, headers: [credentialsFor(path)] });
      }),
      PARAMETERS,
    );
    await expectUnharmed();
  });
});

describe('Random headers', () => {
  const value = fc.oneof(
    fc.constantFrom(...ODD_HEADER_VALUES),
    fc.stringMatching(/^[!-~\x80-\xff]([\t -~\x80-\xff]{0,100}[!-~\x80-\xff])?$/),
  );

  it('do no harm', { timeout: TIMEOUT_MS }, async () => {
    const name = fc.oneof(fc.constantFrom(...ODD_HEADERS), fc.stringMatching(/^X-[\w!#$%&'*+.^`|~-]{1,30}$/));
    const headers = fc.uniqueArray(fc.tuple(name, value), { maxLength: 5, selector: ([each]) => each.toLowerCase() });
    const fewBytes = headers.filter((given) => given.join('').length < 7_000);
    await fc.assert(
      fc.asyncProperty(route, fewBytes, async ({ method, path }, given) => {
        await send({ method, target: path, headers: given });
      }),
      PARAMETERS,
    );
    await expectUnharmed();
  });

  it('do not break a login', { timeout: TIMEOUT_MS }, async () => {
    await fc.assert(
      fc.asyncProperty(value, value, async (agent, forwarded) => {
        const body = JSON.stringify({ username: mule.username, password: PASSWORD });
        const headers: [string, string][] = [
          contentType('application/json'),
          ['User-Agent', agent],
          ['X-Forwarded-For', forwarded],
        ];
        const { status } = await send({ method: 'POST', target: '/user/login', headers, body });
        expect(status).toBe(201);
      }),
      { ...PARAMETERS, numRuns: Math.ceil(RUNS / 4) },
    );
  });
});

describe('Bytes that are not HTTP', () => {
  it('never cause a 5xx and do no harm', { timeout: TIMEOUT_MS }, async () => {
    const whole = bytesOf({
      method: 'POST',
      target: '/auth/token',
      headers: [contentType('application/json')],
      body: '{"username":"victim","password":"wrong password"}',
    });
    const mutation = fc.tuple(fc.nat(whole.length - 1), fc.nat(2), fc.uint8Array({ minLength: 1, maxLength: 3 }));
    const mutated = fc
      .array(mutation, { minLength: 1, maxLength: 4 })
      .map((mutations) =>
        mutations.reduce<Buffer>(
          (bytes, [at, cut, more]) => Buffer.concat([bytes.subarray(0, at), more, bytes.subarray(at + cut)]),
          whole,
        ),
      );
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.uint8Array({ maxLength: 300 }), mutated), async (bytes) => {
        for (const { status } of await answersTo(service.url, bytes, { end: true })) expect(status).toBeLessThan(500);
      }),
      PARAMETERS,
    );
    expect((await service.client.get('/livez')).status).toBe(200);
    await expectUnharmed();
  });
});
