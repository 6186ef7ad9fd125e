import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readFileSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LogStream } from './log-stream.js';

const OPTIONS = {
  ...{ batchSize: 256, maxWrite: 1024, everyMs: 5, maxWaiting: 64 * 1024 },
  lossLine: (lost: number) => `{"event":"log_lines_lost","lost":${lost}}\n`,
};
/** More lines than a pipe and the stream hold together. */
const MANY = 5_000;

const lineOf = (i: number) => `${JSON.stringify({ i, text: 'x'.repeat(40) })}\n`;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'latchkey-log-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

// Windows has no named pipes among its files.
describe.skipIf(process.platform === 'win32')('LogStream', () => {
  it('writes every line to a file, in order', async () => {
    const path = join(folder, 'log');
    const stream = new LogStream(openSync(path, 'a'), { ...OPTIONS, maxWaiting: 1_000_000 });
    const expected = Array.from({ length: 1_000 }, (_, i) => lineOf(i));
    for (const line of [...expected, lineOf(-1).replace('x', 'ä'.repeat(5_000))]) stream.write(line);
    while (!readFileSync(path, 'utf8').includes('"i":-1')) await sleep(5);
    expect(readFileSync(path, 'utf8').startsWith(expected.join(''))).toBe(true);
  });

  it('drops lines while the reader stalls, and writes their number in their place', async () => {
    const path = join(folder, 'pipe');
    execFileSync('mkfifo', [path]);
    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stream = new LogStream(openSync(path, 'a'), OPTIONS);
    for (let i = 0; i < MANY; i++) {
      stream.write(lineOf(i));
      // Lets the stream write until the pipe is full.
      if (i % 100 === 0) await sleep(1);
    }
    const buffer = Buffer.alloc(65_536);
    let text = '';
    let lost = 0;
    // On a busy machine, lines are lost more than once.
    for (let next = 0; next < MANY;) {
      try {
        text += buffer.toString('utf8', 0, readSync(reader, buffer));
      } catch (error) {
        expect((error as NodeJS.ErrnoException).code).toBe('EAGAIN');
        await sleep(5);
      }
      const lines = text.split('\n');
      text = lines.pop() ?? '';
      for (const line of lines) {
        const { i, lost: count } = JSON.parse(line) as { i?: number; lost?: number };
        expect(i).toBe(count === undefined ? next : undefined);
        next += count ?? 1;
        lost += count ?? 0;
      }
    }
    expect(lost).toBeGreaterThan(0);
    closeSync(reader);
  });

  // Only Linux has /dev/full.
  it.runIf(process.platform === 'linux')('bounds its memory while the disk is full', async () => {
    const stream = new LogStream(openSync('/dev/full', 'a'), OPTIONS);
    const before = process.memoryUsage().heapUsed;
    for (let i = 0; i < 200_000; i++) {
      stream.write(lineOf(i));
      if (i % 10_000 === 0) await sleep(1);
    }
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(100 * 1024 * 1024);
  });
});
