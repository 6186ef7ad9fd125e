import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from '../scripts/database-server.js';
import { TEST_ENV } from './support/service.js';
import { embeddedStore, type Store } from './support/store.js';

/** A long path, for long log lines. */
const PATH = `/${'a'.repeat(300)}`;
const ID = 'x'.repeat(100);

let store: Store;
let child: ChildProcess;
let url: string;
beforeEach(() => {
  store = embeddedStore();
});
afterEach(async () => {
  child.kill('SIGKILL');
  await store.dispose();
});

/** Starts the service with its log on a descriptor or a pipe. */
async function start(log: number | 'pipe'): Promise<void> {
  const PORT = String(await freePort());
  const env = { ...TEST_ENV, ...store.env, PORT };
  child = spawn(process.execPath, ['dist/bundle/main.js'], { env, stdio: ['ignore', log, 'inherit'] });
  url = `http://127.0.0.1:${PORT}`;
  while (
    !(await fetch(`${url}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    ))
  ) {
    expect(child.exitCode).toBeNull();
    await sleep(50);
  }
}

/** Sends requests that make one log line each. All must be answered. */
async function send(count: number): Promise<void> {
  for (let sent = 0; sent < count; sent += 100) {
    const answers = Array.from({ length: 100 }, (_, i) =>
      fetch(url + PATH, { headers: { 'x-request-id': `${ID}-${sent + i}` } }).then(({ status }) => status),
    );
    expect(new Set(await Promise.all(answers))).toEqual(new Set([404]));
  }
}

async function expectStop(): Promise<void> {
  child.kill('SIGTERM');
  if (child.exitCode === null) await once(child, 'exit');
  expect(child.exitCode).toBe(0);
}

// On Windows, SIGTERM ends a process before it can stop by itself.
describe.skipIf(process.platform === 'win32')('The service answers while its log cannot be written', () => {
  // Only Linux has /dev/full.
  it.runIf(process.platform === 'linux')('because the disk is full', async () => {
    await start(openSync('/dev/full', 'a'));
    await send(500);
    await expectStop();
  });

  it('because the reader has gone', async () => {
    await start('pipe');
    child.stdout?.destroy();
    await send(500);
    await expectStop();
  });

  it('because the reader has stalled for good', async () => {
    await start('pipe');
    await send(2_000);
    await expectStop();
  });

  it('because the reader stalls, and logs the number of lost lines afterwards', async () => {
    await start('pipe');
    const count = 6_000;
    await send(count);
    let text = '';
    child.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString()));
    while (!text.includes('log_lines_lost')) await sleep(20);
    await expectStop();
    const lines = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const written = lines.filter(({ reqId }) => String(reqId).startsWith(ID)).length;
    const lost = lines.reduce((sum, line) => sum + Number(line['lost'] ?? 0), 0);
    expect(lost).toBeGreaterThan(0);
    expect(written + lost).toBe(count);
  });

  it('because the disk is full for a while, and logs the number of lost lines afterwards', async (context) => {
    const disk = mkdtempSync(join(tmpdir(), 'latchkey-disk-'));
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk]).status === 0;
    try {
      if (!mounted) context.skip('only root may mount a disk');
      writeFileSync(join(disk, 'filler'), 'x'.repeat(40_000));
      const log = openSync(join(disk, 'log'), 'a');
      await start(log);
      await send(6_000);
      spawnSync('mount', ['-o', 'remount,size=16m', disk]);
      while (!readFileSync(join(disk, 'log'), 'utf8').includes('log_lines_lost')) await sleep(20);
      await expectStop();
      const lines = readFileSync(join(disk, 'log'), 'utf8').trimEnd().split('\n');
      for (const line of lines) expect(() => JSON.parse(line) as unknown).not.toThrow();
      closeSync(log);
    } finally {
      if (mounted) spawnSync('umount', ['-l', disk]);
      rmSync(disk, { recursive: true, force: true });
    }
  });
});
