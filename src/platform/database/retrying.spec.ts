import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { retrying, retryingRepeatable } from './retrying.js';

vi.mock('node:timers/promises', () => ({
  setTimeout: (ms: number) => new Promise((resolve) => setTimeout(resolve, ms)),
}));

const conflict = () => Object.assign(new Error('deadlock'), { code: 'ER_LOCK_DEADLOCK' });
const lost = () => Object.assign(new Error('lost'), { code: 'PROTOCOL_CONNECTION_LOST' });
const duplicate = () => Object.assign(new Error('there already'), { code: 'ER_DUP_ENTRY' });

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A statement that fails so often, and then is answered. Each attempt takes some time. */
function failing(times: number, errorOf: () => Error, ms = 0) {
  let attempts = 0;
  return vi.fn(async () => {
    if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms));
    if (++attempts <= times) throw errorOf();
    return 'answer';
  });
}

/** Runs to the end. @returns the answer or the code of the error */
async function settled(result: Promise<string>): Promise<string> {
  const outcome = result.catch((error: unknown) => (error as { code: string }).code);
  await vi.runAllTimersAsync();
  return outcome;
}

describe.each([
  ['retrying', retrying],
  ['retryingRepeatable', retryingRepeatable],
])('%s', (_, run) => {
  it('runs a statement once that is answered', async () => {
    const statement = failing(0, conflict);
    expect(await settled(run(statement))).toBe('answer');
    expect(statement).toHaveBeenCalledOnce();
  });

  it('repeats a statement that met another, three times at most', async () => {
    expect(await settled(run(failing(3, conflict)))).toBe('answer');
    const hopeless = failing(4, conflict);
    expect(await settled(run(hopeless))).toBe('ER_LOCK_DEADLOCK');
    expect(hopeless).toHaveBeenCalledTimes(4);
  });

  it('starts no further attempt once the first is 900 ms ago', async () => {
    const slow = failing(4, conflict, 901);
    expect(await settled(run(slow))).toBe('ER_LOCK_DEADLOCK');
    expect(slow).toHaveBeenCalledOnce();
  });

  it('repeats no statement that the store refuses', async () => {
    const refused = failing(1, duplicate);
    expect(await settled(run(refused))).toBe('ER_DUP_ENTRY');
    expect(refused).toHaveBeenCalledOnce();
  });
});

it('repeats a statement whose connection was lost only where running it twice is harmless', async () => {
  expect(await settled(retrying(failing(1, lost)))).toBe('PROTOCOL_CONNECTION_LOST');
  expect(await settled(retryingRepeatable(failing(1, lost)))).toBe('answer');
});

it('waits longer before each attempt', async () => {
  const times: number[] = [];
  const startedAt = performance.now();
  const statement = failing(3, conflict);
  await settled(
    retrying(() => {
      times.push(performance.now() - startedAt);
      return statement();
    }),
  );
  const pauses = times.slice(1).map((time, i) => time - times[i]!);
  for (const [i, pause] of pauses.entries()) {
    expect(pause).toBeGreaterThanOrEqual(20 * (i + 1) - 1);
    expect(pause).toBeLessThanOrEqual(40 * (i + 1) + 1);
  }
});
