import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { setUpLatchkey } from '../src/cypress.js';
import { type RunningLatchkey, startLatchkey } from '../src/index.js';
import { useLatchkey } from '../src/vitest.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const PACKAGES = ['@node-rs', '@playwright/test', 'argon2', 'libsql', 'pino', 'swagger-ui-dist', 'vitest'];

/** A folder with the package as a user has it, since Playwright compiles what is not installed. */
const folder = mkdtempSync(join(tmpdir(), 'latchkey-fixtures-'));
let kit: RunningLatchkey;

beforeAll(async () => {
  kit = await startLatchkey();
  for (const name of PACKAGES) {
    const path = join(folder, 'node_modules', name);
    mkdirSync(dirname(path), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules', name), path);
  }
  const testkit = join(folder, 'node_modules/@latchkey/testkit');
  for (const name of ['package.json', 'dist'])
    cpSync(join(ROOT, 'packages/testkit', name), join(testkit, name), { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await kit.stop();
});

/** The end of a program, with what it has printed. */
interface Ended {
  readonly code: number | null;
  readonly output: string;
}

/** Runs a program of an installed package on a file that it writes. */
function run(cli: string, args: string[], [name, text]: [string, string], url: string): Promise<Ended> {
  writeFileSync(join(folder, name), text);
  const env = { ...process.env, LATCHKEY_URL: url, NO_COLOR: '1', FORCE_COLOR: '0' };
  return new Promise((resolve) => {
    const program = [join(ROOT, 'node_modules', cli), ...args];
    const child = execFile(process.execPath, program, { cwd: folder, env }, (_error, stdout, stderr) => {
      resolve({ code: child.exitCode, output: stdout + stderr });
    });
  });
}

const playwright = (name: string, body: string, url = kit.url) =>
  run(
    '@playwright/test/cli.js',
    ['test', '--reporter=list,json', '--workers=1', name],
    [name, `import { expect, test } from '@latchkey/testkit/playwright';\n${body}`],
    url,
  );

const TWO_TESTS = `
  test.use({ latchkeyOptions: { seed: [{ username: 'alice' }], settings: { ACCESS_TOKEN_TTL: 60 } } });
  for (const i of [1, 2])
    test('finds what the suite asked for ' + i, async ({ latchkey, account, signIn }) => {
      const names = (await latchkey.accounts.list()).map(({ username }) => username);
      expect(names.sort()).toEqual(['alice', account.username].sort());
      expect(await latchkey.settings.read()).toEqual({ ACCESS_TOKEN_TTL: 60 });
      const page = {};
      const { access } = await signIn(page, account, { store: (to, tokens) => Object.assign(to, tokens) });
      expect(page.access).toBe(access);
      await latchkey.accounts.create({ username: 'left-over' });
      await latchkey.settings.change({ ACCESS_TOKEN_TTL: 120 });
      console.log('ran at ' + latchkey.url);
    });`;

const VIOLATION = `{ side: 'answer', kind: 'wrong_body', message: 'a made-up violation', method: 'GET', url: '/' }`;

const UNKNOWN_FIELD = `
  test('sends a field that the service does not know', async ({ latchkey, account, request }) => {
    const { username, password } = account;
    const data = { username, password, unknown: 'x' };
    expect((await request.post(latchkey.url + '/auth/token', { data })).status()).toBe(200);
  });`;

describe('The fixtures for Playwright', () => {
  it('give each worker a tenant of a running kit, reset before each test', async () => {
    const { code, output } = await playwright('tenant.spec.js', TWO_TESTS);

    expect(code, output).toBe(0);
    expect(output).toContain('2 passed');
    expect(output).toContain(`ran at ${kit.url}/t/w0`);
  });

  it('start an instance in the worker when no kit runs', async () => {
    const { code, output } = await playwright('instance.spec.js', TWO_TESTS, '');

    expect(code, output).toBe(0);
    expect(output).toContain('2 passed');
    expect(output).not.toContain(kit.url);
  });

  it('fail a test after which the service has broken the contract', async () => {
    const { code, output } = await playwright(
      'violation.spec.js',
      `test('meets a wrong answer', async ({ latchkey }) => {
        latchkey.contract.violations = async () => [${VIOLATION}];
      });`,
    );

    expect(code, output).toBe(1);
    expect(output).toContain('a made-up violation');
  });

  it('fail a test for a wrong request if the suite asks for it', async () => {
    const lenient = await playwright('lenient.spec.js', UNKNOWN_FIELD);
    const strict = await playwright(
      'strict.spec.js',
      `test.use({ latchkeyOptions: { violations: 'all' } });${UNKNOWN_FIELD}`,
    );

    expect(lenient.code, lenient.output).toBe(0);
    expect(strict.code, strict.output).toBe(1);
    expect(strict.output).toContain('unknown_field');
  });

  it('attach the requests to a test that fails', async () => {
    const { code, output } = await playwright(
      'failing.spec.js',
      `test('fails', async ({ account }) => { expect(account.username).toBe(''); });`,
    );

    expect(code, output).toBe(1);
    expect(output).toContain('latchkey-requests');
  });

  it('keep accounts and sessions for a worker that signs in once', async () => {
    const { code, output } = await playwright(
      'worker.spec.js',
      `test.use({ latchkeyOptions: { reset: 'worker' } });
       let name;
       test('makes an account', async ({ account }) => { name = account.username; });
       test('finds it', async ({ latchkey }) => {
         expect((await latchkey.accounts.list()).map(({ username }) => username)).toEqual([name]);
       });`,
    );

    expect(code, output).toBe(0);
  });

  it('refuse to keep a signed-in state that the next reset would end', async () => {
    const { code, output } = await playwright(
      'state.spec.js',
      `test.use({ browser: [({}, use) => use({}), { scope: 'worker' }] });
       test('asks for a state', async ({ signedInState, account }) => {
         await signedInState(account, { url: 'http://localhost', store: () => undefined });
       });`,
    );

    expect(code, output).toBe(1);
    expect(output).toContain("needs latchkeyOptions with reset: 'worker'");
  });
});

describe('The fixture for Vitest', () => {
  const latchkey = useLatchkey({ seed: [{ username: 'alice' }], settings: { ACCESS_TOKEN_TTL: 60 } });

  it.each([1, 2])('finds what the suite asked for in test %i', async () => {
    expect((await latchkey.accounts.list()).map(({ username }) => username)).toEqual(['alice']);
    expect(await latchkey.settings.read()).toEqual({ ACCESS_TOKEN_TTL: 60 });
    expect((await fetch(`${latchkey.url}/readyz`)).status).toBe(200);
    await latchkey.accounts.create();
    await latchkey.settings.change({ ACCESS_TOKEN_TTL: 120 });
  });

  it('says outside of tests that the kit does not run', async () => {
    const { code, output } = await run(
      'vitest/vitest.mjs',
      ['run', '--root', folder, 'early.test.js'],
      ['early.test.js', `import { useLatchkey } from '@latchkey/testkit/vitest';\nuseLatchkey().url;`],
      kit.url,
    );

    expect(code, output).toBe(1);
    expect(output).toContain('the kit runs only in hooks and tests');
  });

  it('shares one kit among all workers by the global setup', async () => {
    const config = `export default { test: { globalSetup: ['@latchkey/testkit/vitest'] } };`;
    writeFileSync(join(folder, 'shared.config.js'), config);
    const { code, output } = await run(
      'vitest/vitest.mjs',
      ['run', '--root', folder, '--config', 'shared.config.js', 'shared.test.js'],
      [
        'shared.test.js',
        `import { expect, it } from 'vitest';
         import { useLatchkey } from '@latchkey/testkit/vitest';
         const latchkey = useLatchkey();
         it('uses a tenant of the shared kit', () => {
           expect(latchkey.url).toBe(process.env.LATCHKEY_URL + '/t/vitest-' + process.env.VITEST_POOL_ID);
         });`,
      ],
      '',
    );

    expect(code, output).toBe(0);
    expect(output).toContain('1 passed');
  });
});

// The binary of Cypress comes from outside the registry, so these tests call the tasks themselves.
describe('The tasks for Cypress', () => {
  type Tasks = Record<string, (argument: unknown) => unknown>;
  let tasks: Tasks = {};
  let url: string;
  const ends: (() => Promise<void>)[] = [];

  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  const task = async (name: string, argument: unknown = null): Promise<any> => tasks[`latchkey:${name}`]!(argument);
  const post = (path: string, body: object) =>
    fetch(url + path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });

  beforeAll(async () => {
    const on = (event: 'task' | 'after:run', given: unknown) => {
      if (event === 'task') tasks = given as Tasks;
      else ends.push(given as () => Promise<void>);
    };
    const env: { env: Record<string, unknown> } = { env: {} };
    const config = await setUpLatchkey(on, env, { seed: [{ username: 'alice' }] });
    url = String(config.env['LATCHKEY_URL']);
  });
  afterAll(async () => {
    for (const end of ends) await end();
  });

  it('make accounts and tokens, and return to the seed', async () => {
    const { username, password } = await task('account');
    expect((await post('/auth/token', { username, password })).status).toBe(200);
    const { access } = await task('tokens', { username: 'alice' });
    expect((await post('/auth/token/verify', { token: access })).status).toBe(200);

    expect(await task('reset')).toBeNull();
    expect((await post('/auth/token', { username, password })).status).toBe(401);
    expect(await task('tokens', { username: 'alice' })).toHaveProperty('refresh');
  });

  it('move and freeze the clock', async () => {
    const { access } = await task('tokens', { username: 'alice' });
    expect(await task('clock', { advance: 901, frozen: true })).toMatchObject({ frozen: true });
    expect((await post('/auth/token/verify', { token: access })).status).toBe(401);
    expect(await task('clock', { now: '2030-01-01T00:00:00.000Z' })).toMatchObject({ now: '2030-01-01T00:00:00.000Z' });
    await task('reset');
  });

  it('change settings, and clear limits', async () => {
    await task('settings', { RATE_LIMIT: 'on', LOGIN_LIMIT: 1 });
    const { username, password } = await task('account');
    for (const status of [401, 429])
      expect((await post('/auth/token', { username, password: 'wrong' })).status).toBe(status);
    expect(await task('limits')).toBeNull();
    expect((await post('/auth/token', { username, password })).status).toBe(200);
    await task('reset');
  });

  it('disable an account', async () => {
    const { id, username, password } = await task('account');
    await task('disable', id);
    expect((await post('/auth/token', { username, password })).status).toBe(401);
    await task('enable', id);
    expect((await post('/auth/token', { username, password })).status).toBe(200);
  });

  it('lose an answer, and list what was asked and what broke the contract', async () => {
    await task('faults', { match: { path: '/auth/token' }, when: 'after', action: 'drop' });
    const { username, password } = await task('account');
    const body = { username, password, unknown: 'x' };
    await expect(post('/auth/token', body)).rejects.toThrow();
    expect((await post('/auth/token', body)).status).toBe(200);

    expect(await task('requests')).toContainEqual(expect.objectContaining({ url: '/auth/token', status: 200 }));
    expect(await task('violations')).toContainEqual(expect.objectContaining({ kind: 'unknown_field' }));
  });

  it('return null or a value, since Cypress refuses undefined', async () => {
    for (const name of ['reset', 'limits', 'requests', 'events', 'violations', 'clock'])
      expect(await task(name), name).not.toBeUndefined();
  });
});
