import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { KitProcess } from '../packages/testkit/test/support/program.js';

const EXAMPLE = fileURLToPath(new URL('../examples/e2e', import.meta.url));
const PLAYWRIGHT = fileURLToPath(new URL('../node_modules/@playwright/test/cli.js', import.meta.url));

const kit = new KitProcess(['--port', '0', '--json']);
let url: string;

beforeAll(async () => ({ url } = await kit.announced()));
afterAll(() => kit.stop());

it('The sample application passes its suite in four workers', async () => {
  const env = { ...process.env, CHROMIUM_PATH: inject('chromium'), LATCHKEY_URL: url };
  const suite = spawn(process.execPath, [PLAYWRIGHT, 'test', '--reporter=list'], { cwd: EXAMPLE, env });
  let output = '';
  for (const stream of [suite.stdout, suite.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await once(suite, 'close');

  expect(suite.exitCode, output).toBe(0);
  expect(output).toContain('12 passed');
}, 300_000);
