import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { batched, type BatchLimits, StoreBusyError } from './batched.js';

const PATIENCE_MS = 5_000;

/** A read that runs. */
interface Read {
  readonly keys: readonly string[];
  readonly answer: () => Promise<void>;
  readonly fail: (error: Error) => Promise<void>;
}

/**
 * Makes reads that end when the test says so. Each key is answered with the number of its read.
 */
function reader(limits: Omit<BatchLimits, 'patienceMs'>) {
  const reads: Read[] = [];
  const find = batched<string, string>(
    (keys) => {
      const number = reads.length;
      return new Promise((resolve, reject) => {
        reads.push({
          keys,
          answer: async () => {
            resolve(keys.map((key) => `${key}${number}`));
            await turn();
          },
          fail: async (error) => {
            reject(error);
            await turn();
          },
        });
      });
    },
    { ...limits, patienceMs: PATIENCE_MS },
  );
  return { reads, find, keys: () => reads.map((read) => read.keys.join('')) };
}

describe('batched', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it('shares one read between keys of the same turn', async () => {
    const { reads, find, keys } = reader({ underWay: 2, size: 3 });
    const found = Promise.all([find('a'), find('b')]);
    await turn();
    expect(keys()).toEqual(['ab']);
    await reads[0]!.answer();
    expect(await found).toEqual(['a0', 'b0']);
  });

  it('shares the next read between keys that arrive while others run, up to its size', async () => {
    const { reads, find, keys } = reader({ underWay: 2, size: 3 });
    const found: Promise<string>[] = [];
    for (const key of 'abcdefghi') {
      found.push(find(key));
      await turn();
    }
    expect(keys()).toEqual(['a', 'b']);
    await reads[1]!.answer();
    expect(keys()).toEqual(['a', 'b', 'cde']);
    await reads[0]!.answer();
    expect(keys()).toEqual(['a', 'b', 'cde', 'fgh']);
    await reads[3]!.answer();
    expect(keys()).toEqual(['a', 'b', 'cde', 'fgh', 'i']);
    await reads[4]!.answer();
    await reads[2]!.answer();
    expect(await Promise.all(found)).toEqual(['a0', 'b1', 'c2', 'd2', 'e2', 'f3', 'g3', 'h3', 'i4']);
  });

  it('never runs more reads at a time, however many keys arrive at once', async () => {
    const { reads, find, keys } = reader({ underWay: 2, size: 3 });
    const found = Promise.all(Array.from('abcdefghijk', find));
    for (const [ended, begun] of [2, 3, 4, 4].entries()) {
      await turn();
      expect(reads).toHaveLength(begun);
      await reads[ended]!.answer();
    }
    expect(keys()).toEqual(['abc', 'def', 'ghi', 'jk']);
    expect((await found).join(' ')).toBe('a0 b0 c0 d1 e1 f1 g2 h2 i2 j3 k3');
  });

  it('answers every caller of the same key', async () => {
    const { reads, find } = reader({ underWay: 1, size: 4 });
    const found = Promise.all([find('a'), find('b'), find('a')]);
    await turn();
    await reads[0]!.answer();
    expect(await found).toEqual(['a0', 'b0', 'a0']);
  });

  it('answers no caller by a read that began before the call', async () => {
    const { reads, find } = reader({ underWay: 1, size: 4 });
    const first = find('a');
    await turn();
    const second = find('a');
    await turn();
    await reads[0]!.answer();
    expect([reads.length, await first]).toEqual([2, 'a0']);
    await reads[1]!.answer();
    expect(await second).toBe('a1');
  });

  it('caches nothing', async () => {
    const { reads, find } = reader({ underWay: 1, size: 4 });
    for (const expected of ['a0', 'a1', 'a2']) {
      const found = find('a');
      await turn();
      await reads.at(-1)!.answer();
      expect(await found).toBe(expected);
    }
  });

  it('rejects the keys of a failing read, and no others', async () => {
    const { reads, find, keys } = reader({ underWay: 2, size: 2 });
    const found = Promise.allSettled(Array.from('abcdef', find));
    await turn();
    const error = new Error('the store is away');
    await reads[0]!.fail(error);
    await reads[1]!.answer();
    await reads[2]!.answer();
    expect(keys()).toEqual(['ab', 'cd', 'ef']);
    const refused = { status: 'rejected', reason: error };
    const answered = (value: string) => ({ status: 'fulfilled', value });
    expect(await found).toEqual([refused, refused, ...['c1', 'd1', 'e2', 'f2'].map(answered)]);
    // The failed read takes no place from later ones.
    const after = Promise.all(Array.from('ghij', find));
    await turn();
    expect(reads).toHaveLength(5);
    await reads[3]!.answer();
    await reads[4]!.answer();
    expect(await after).toEqual(['g3', 'h3', 'i4', 'j4']);
  });

  it('refuses a key beyond the limit until another key is answered', async () => {
    const { reads, find, keys } = reader({ underWay: 1, size: 1, most: 2 });
    const found = Promise.all([find('a'), find('b')]);
    await turn();
    await expect(find('c')).rejects.toThrow(StoreBusyError);
    await reads[0]!.answer();
    const next = find('d');
    await reads[1]!.answer();
    await turn();
    await reads[2]!.answer();
    expect([await found, await next, keys()]).toEqual([['a0', 'b1'], 'd2', ['a', 'b', 'd']]);
  });

  it('refuses the keys that have waited for too long, and no others', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    const { reads, find, keys } = reader({ underWay: 1, size: 4 });
    const first = find('a');
    await turn();
    const late = Promise.allSettled([find('b'), find('c')]);
    await turn();
    vi.advanceTimersByTime(PATIENCE_MS / 2);
    const inTime = find('d');
    await turn();
    vi.advanceTimersByTime(PATIENCE_MS / 2 + 1);
    await reads[0]!.answer();
    await reads[1]!.answer();
    expect([await first, await inTime, keys()]).toEqual(['a0', 'd1', ['a', 'd']]);
    for (const { status, reason } of (await late) as PromiseRejectedResult[])
      expect([status, reason]).toEqual(['rejected', expect.any(StoreBusyError)]);

    // A late key gets this error also where the keys that it waited with get another.
    const under = find('e');
    await turn();
    const later = Promise.allSettled([find('f')]);
    await turn();
    vi.advanceTimersByTime(PATIENCE_MS + 1);
    const failing = Promise.allSettled([find('g')]);
    await turn();
    await reads[2]!.answer();
    await reads[3]!.fail(new Error('the store is away'));
    const reasonOf = async (settled: typeof failing) => ((await settled)[0] as PromiseRejectedResult).reason as Error;
    expect([await under, (await reasonOf(failing)).message]).toEqual(['e2', 'the store is away']);
    expect(await reasonOf(later)).toBeInstanceOf(StoreBusyError);
  });
});
