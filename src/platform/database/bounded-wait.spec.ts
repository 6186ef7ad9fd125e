import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { boundedWait, StoreTimeoutError } from './bounded-wait.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it('hands an answer in time over, once', () => {
  const [giveUp, done] = [vi.fn(), vi.fn()];
  const finish = boundedWait(1_000, giveUp, done);
  vi.advanceTimersByTime(999);
  expect(finish(null, 'rows')).toBe(true);
  vi.advanceTimersByTime(1_000);
  expect(finish(null, 'rows')).toBe(false);
  expect(done.mock.calls).toEqual([[null, 'rows']]);
  expect(giveUp).not.toHaveBeenCalled();
});

it('gives up before it reports that the time is over, and takes no answer after', () => {
  const calls: unknown[] = [];
  const finish = boundedWait(
    1_000,
    () => calls.push('gave up'),
    (error) => calls.push(error),
  );
  vi.advanceTimersByTime(1_000);
  expect(finish(null, 'rows')).toBe(false);
  expect(calls).toEqual(['gave up', expect.any(StoreTimeoutError)]);
});
