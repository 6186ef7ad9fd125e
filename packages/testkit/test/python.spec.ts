import { execFile, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningLatchkey, startLatchkey } from '../src/index.js';

const PYTHON = fileURLToPath(new URL('../python', import.meta.url));
const PROGRAM = fileURLToPath(new URL('../dist/main.js', import.meta.url));

const hasPytest = spawnSync('python3', ['-m', 'pytest', '--version']).status === 0;
const SKIPPED = hasPytest ? '' : ' (skipped: python3 has no pytest, which the package python3-pytest brings)';

/** Runs the suite of the plugin, and returns its output. Throws if a test of it fails. */
async function runSuite(env: Record<string, string>, ...args: string[]): Promise<string> {
  // The plugin takes an empty variable for one that is not set.
  const unset = { LATCHKEY_URL: '', LATCHKEY_TESTKIT: '' };
  const options = ['-p', 'no:cacheprovider', '-p', 'latchkey_pytest', '-q', 'tests', ...args];
  const { stdout } = await promisify(execFile)('python3', ['-m', 'pytest', ...options], {
    cwd: PYTHON,
    env: { ...process.env, ...unset, PYTHONPATH: PYTHON, PYTHONDONTWRITEBYTECODE: '1', ...env },
  });
  return stdout;
}

describe.runIf(hasPytest)(`The pytest plugin${SKIPPED}`, () => {
  let kit: RunningLatchkey;
  beforeAll(async () => {
    kit = await startLatchkey();
  });
  afterAll(() => kit.stop());

  it('runs a suite over the kit at LATCHKEY_URL', async () => {
    expect(await runSuite({ LATCHKEY_URL: kit.url })).toMatch(/\d+ passed/);
    expect(await (await fetch(`${kit.url}/_test/v1`)).json()).toMatchObject({ tenants: ['pytest-main'] });
  });

  it('gives each worker of pytest-xdist a tenant', async () => {
    await runSuite({ LATCHKEY_URL: kit.url, PYTEST_XDIST_WORKER: 'gw3' }, '-k', 'logs_in');
    expect(await (await fetch(`${kit.url}/_test/v1`)).json()).toMatchObject({
      tenants: expect.arrayContaining(['pytest-gw3']) as unknown,
    });
  });

  const missing = existsSync(PROGRAM) ? '' : ' (skipped: packages/testkit/dist is not built)';
  it.skipIf(missing)(`starts the program of LATCHKEY_TESTKIT, and stops it at the end${missing}`, async () => {
    const command = `'${process.execPath}' '${PROGRAM}'`;
    // A program left behind would hold the pipe for errors open, and the run would not end.
    expect(await runSuite({ LATCHKEY_TESTKIT: command }, '-k', 'logs_in')).toMatch(/1 passed/);
  });

  it('tells what a program printed that is no kit', async () => {
    const run = runSuite({ LATCHKEY_TESTKIT: 'echo hello' }, '-k', 'logs_in');
    await expect(run).rejects.toMatchObject({ stdout: expect.stringContaining('did not tell where it is') as unknown });
  });
});
