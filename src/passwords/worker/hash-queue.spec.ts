import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { loadConfig } from '../../platform/config/config.js';
import type { HashProcess } from './hash-process.js';
import { HashQueue } from './hash-queue.js';
import type { HashResult, HashTask } from './hash-task.js';

const COST = { memoryCost: 1024, timeCost: 1, parallelism: 1 };
const TASK: HashTask = { kind: 'verify', hash: '', password: '', cost: COST };

/** A process whose hashes end when the test says so. */
class Hashes {
  readonly ends: (() => void)[] = [];
  isUp = true;

  run(): Promise<HashResult> {
    return new Promise((resolve) => {
      this.ends.push(() => {
        resolve(true);
      });
    });
  }

  /** Ends the oldest running task after some time. */
  async end(milliseconds = 0): Promise<void> {
    await vi.advanceTimersByTimeAsync(milliseconds);
    this.ends.shift()?.();
    await vi.advanceTimersByTimeAsync(0);
  }
}

let hashes: Hashes;
let queue: HashQueue;

beforeEach(() => {
  vi.useFakeTimers();
  hashes = new Hashes();
  const config = loadConfig({
    AUTH_SECRET: 'hB7wq2Zr9Xk4Vt1Yc6Lm3Nd8Pf5Gs0Ja',
    HASH_CONCURRENCY: '1',
    HASH_TIMEOUT: '3',
  });
  queue = new HashQueue(hashes as unknown as HashProcess, config);
});
afterEach(() => vi.useRealTimers());

const settled = async (work: Promise<unknown>) => {
  let state = 'pending';
  work.then(
    () => (state = 'done'),
    (error: unknown) => {
      const { failure } = error as { failure: { code: string; status?: number } };
      state = `${failure.code} ${failure.status ?? ''}`.trim();
    },
  );
  await vi.advanceTimersByTimeAsync(0);
  return state;
};

describe('HashQueue', () => {
  it('hands over two tasks for each thread, and the others in the order of their arrival', async () => {
    const work = Array.from({ length: 4 }, () => queue.run(TASK));
    await vi.advanceTimersByTimeAsync(0);
    expect(hashes.ends).toHaveLength(2);
    await hashes.end();
    expect(await settled(work[0]!)).toBe('done');
    expect(hashes.ends).toHaveLength(2);
    for (let i = 0; i < 3; i++) await hashes.end();
    await expect(Promise.all(work)).resolves.toEqual([true, true, true, true]);
  });

  it('refuses a task at once if it could not be served in time', async () => {
    const first = queue.run(TASK);
    await hashes.end(1_000);
    await first;
    // A second each, two at a time: six waiting tasks take three seconds.
    const taken = Array.from({ length: 9 }, () => queue.run(TASK));
    expect(() => queue.run(TASK)).toThrow(expect.objectContaining({ failure: { code: 'unavailable', retryAfter: 4 } }));
    for (const work of taken) work.catch(() => undefined);
  });

  it('does not learn from tasks that waited for the process to start', async () => {
    hashes.isUp = false;
    const first = queue.run(TASK);
    await hashes.end(1_000);
    await first;
    hashes.isUp = true;
    const taken = Array.from({ length: 20 }, () => queue.run(TASK));
    for (let left = 20; left > 0; left--) await hashes.end(1);
    await expect(Promise.all(taken)).resolves.toHaveLength(20);
  });

  it('refuses a task that has waited too long, even if the estimate was lower', async () => {
    const work = Array.from({ length: 3 }, () => queue.run(TASK));
    const last = settled(work[2]!);
    await vi.advanceTimersByTimeAsync(3_000);
    await last;
    expect(await settled(work[2]!)).toBe('unavailable');
    expect(await settled(work[0]!)).toBe('pending');
  });

  it('drops the task of a client that disconnects', async () => {
    const client = new AbortController();
    const work = [queue.run(TASK), queue.run(TASK), queue.run(TASK, client.signal), queue.run(TASK)];
    client.abort();
    expect(await settled(work[2]!)).toBe('client_disconnected');
    for (let i = 0; i < 3; i++) await hashes.end();
    expect(await settled(work[3]!)).toBe('done');
    expect(hashes.ends).toHaveLength(0);
    expect(() => queue.run(TASK, client.signal)).toThrow();
  });

  it('continues after a hash that failed', async () => {
    vi.spyOn(hashes, 'run').mockRejectedValueOnce(new Error('out of memory'));
    await expect(queue.run(TASK)).rejects.toThrow('out of memory');
    const work = [queue.run(TASK), queue.run(TASK)];
    await hashes.end();
    await hashes.end();
    await expect(Promise.all(work)).resolves.toEqual([true, true]);
  });
});
