import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const TSC = join(ROOT, 'node_modules/typescript/bin/tsc');
const INSTALL_TIMEOUT_MS = 240_000;

/** What npm says where it has no network. */
const UNREACHABLE = /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ENOTCACHED)\b/;

const SCRIPT = `
import { startLatchkey } from '@latchkey/testkit';
const kit = await startLatchkey();
const { username, password } = await kit.accounts.create();
const headers = { 'Content-Type': 'application/json' };
const body = JSON.stringify({ username, password });
console.log((await fetch(kit.url + '/auth/token', { method: 'POST', headers, body })).status);
await kit.stop();
`;

/** A script of a suite that checks the declarations of its packages too. */
const TYPED_SCRIPT = `
import { type Account, ControlError, type Latchkey, type RunningLatchkey, startLatchkey } from '@latchkey/testkit';
export async function run(): Promise<Account> {
  await using kit: RunningLatchkey = await startLatchkey({ settings: { ACCESS_TOKEN_TTL: 60 } });
  const tenant: Latchkey = kit.tenant('w1');
  // @ts-expect-error There is no such member.
  await tenant.accounts.create({ name: 'alice' });
  if (new ControlError(400, {}).status === 400) await kit.reset();
  return tenant.accounts.create({ username: 'alice', tokens: true });
}
`;

let folder: string;
let unreachable: string | undefined;

async function run(program: string, ...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(program, args, { cwd: folder });
  return stdout.trim();
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'latchkey-package-'));
  // The bundle is new; see support/built.ts.
  const pack = ['pack', '--ignore-scripts', '--workspace=@latchkey/testkit', '--pack-destination', folder];
  await promisify(execFile)('npm', pack, { cwd: ROOT });
  writeFileSync(join(folder, 'package.json'), '{"private":true,"type":"module"}');
  const file = readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? '';
  try {
    await run('npm', 'install', `./${file}`, '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error');
  } catch (error) {
    const { stderr } = error as { stderr: string };
    unreachable = UNREACHABLE.exec(stderr)?.[0];
    if (unreachable === undefined) throw error;
  }
}, INSTALL_TIMEOUT_MS);
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Tests what was installed. Skips where npm has no registry and has not cached the packages. */
function itInstalled(title: string, test: () => Promise<void>): void {
  it(title, async (context) => {
    context.skip(unreachable !== undefined, `npm cannot install the dependencies of the kit: ${unreachable}`);
    await test();
  });
}

itInstalled('serves both contracts as a program of its tarball, installed in an empty folder', async () => {
  const program = spawn('npx', ['latchkey-testkit', '--port', '0', '--json'], { cwd: folder });
  const exited = once(program, 'exit');
  const [line] = (await once(program.stdout, 'data')) as [Buffer];
  const { url, pid } = JSON.parse(line.toString()) as { url: string; pid: number };
  const post = async (path: string, account: object) => {
    const body = JSON.stringify({ ...account, password: 'correct horse battery staple' });
    const headers = { 'Content-Type': 'application/json' };
    return (await fetch(url + path, { method: 'POST', headers, body })).status;
  };
  const [alice, bob] = [{ username: 'alice' }, { username: 'bob' }];
  const names = { email: 'bob@example.com', first_name: 'Bob', last_name: 'Smith' };
  try {
    expect(await post('/auth/register', alice)).toBe(201);
    expect(await post('/auth/token', alice)).toBe(200);
    expect(await post('/user/signup', { ...bob, ...names })).toBe(201);
    expect(await post('/user/login', bob)).toBe(201);
  } finally {
    process.kill(pid, 'SIGTERM');
    await exited;
  }
});

itInstalled('starts in the code of a suite', async () => {
  writeFileSync(join(folder, 'log-in.js'), SCRIPT);

  expect(await run(process.execPath, 'log-in.js')).toBe('200');
});

itInstalled('declares types that need nothing else', async () => {
  writeFileSync(join(folder, 'suite.ts'), TYPED_SCRIPT);
  const compilerOptions = { module: 'nodenext', target: 'es2022', types: [], noEmit: true, strict: true };
  const config = { compilerOptions: { ...compilerOptions, skipLibCheck: false }, files: ['suite.ts'] };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));

  expect(await run(process.execPath, TSC)).toBe('');
});

itInstalled('has a program for conformance', async () => {
  expect(await run('npx', 'latchkey-conformance', '--help')).toContain('latchkey-conformance');
});
