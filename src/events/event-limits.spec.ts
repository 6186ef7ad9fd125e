import { describe, expect, it } from 'vitest';
import type { SecurityEvent } from './catalogue.js';
import { EventLimits, MOST_OF_ALL, MOST_OF_SOURCE } from './event-limits.js';

const FAILURE: SecurityEvent = { event: 'login', outcome: 'failure', reason: 'wrong_password' };
const refreshOf = (sessionId: string): SecurityEvent => ({ event: 'refresh', outcome: 'success', sessionId });

/** Shows the same event again and again. @returns how often it is admitted */
function admitted(
  limits: EventLimits,
  count: number,
  event: SecurityEvent,
  source: string | undefined,
  now = 0,
): number {
  let sum = 0;
  for (let i = 0; i < count; i++) if (limits.admit(event, source, now)) sum += 1;
  return sum;
}

describe('EventLimits', () => {
  it.each<[SecurityEvent]>([
    [FAILURE],
    [{ event: 'login', outcome: 'throttled' }],
    [{ event: 'signup', outcome: 'failure', reason: 'user_exists' }],
    [{ event: 'session_end', outcome: 'success', reason: 'others' }],
  ])('limits %j per source and minute, and counts the events that it leaves out', (event) => {
    const limits = new EventLimits();
    expect(admitted(limits, 1_000, event, 'a')).toBe(MOST_OF_SOURCE);
    expect(admitted(limits, 10, event, 'b')).toBe(10);
    expect(admitted(limits, 1_000, event, 'a', 59_999)).toBe(0);
    expect(admitted(limits, 1_000, event, 'a', 60_000)).toBe(MOST_OF_SOURCE);
    expect(limits.takeLeftOut()).toEqual([{ source: 'a', count: 3_000 - 2 * MOST_OF_SOURCE }]);
    expect(limits.takeLeftOut()).toEqual([]);
  });

  it('limits the events of all sources together', () => {
    const limits = new EventLimits();
    let sum = 0;
    for (let i = 0; i < 20_000; i++) sum += admitted(limits, 1, FAILURE, `source ${i}`);
    expect(sum).toBe(MOST_OF_ALL);
    expect(limits.takeLeftOut()).toEqual([{ source: '', count: 20_000 - MOST_OF_ALL }]);
  });

  it.each<[SecurityEvent]>([
    [{ event: 'login', outcome: 'success', sessionId: 'x' }],
    [{ event: 'signup', outcome: 'success', sessionId: 'x' }],
    [{ event: 'logout', outcome: 'success', sessionId: 'x' }],
    [{ event: 'session_end', outcome: 'success', reason: 'owner', sessionId: 'x' }],
    [{ event: 'password_change', outcome: 'success', sessionId: 'x' }],
  ])('admits every %j, even from a source that has reached its limit', (event) => {
    const limits = new EventLimits();
    admitted(limits, 1_000, FAILURE, 'a');
    expect(admitted(limits, 10_000, event, 'a')).toBe(10_000);
  });

  it('admits every event that has no source', () => {
    expect(admitted(new EventLimits(), 10_000, FAILURE, undefined)).toBe(10_000);
  });

  it('admits one refresh per session and minute', () => {
    const limits = new EventLimits();
    expect(admitted(limits, 100, refreshOf('x'), 'a')).toBe(1);
    expect(admitted(limits, 100, refreshOf('y'), 'a')).toBe(1);
    expect(admitted(limits, 100, refreshOf('x'), 'a', 60_000)).toBe(1);
    // The clock was set back.
    expect(admitted(limits, 100, refreshOf('x'), 'a', 30_000)).toBe(1);
  });

  it('remembers a bounded number of sources and sessions, and loses no count', () => {
    const limits = new EventLimits();
    const before = process.memoryUsage().heapUsed;
    let recorded = 0;
    for (let i = 0; i < 60_000; i++) {
      limits.admit(refreshOf(`session ${i}`), 'a', 0);
      if (limits.admit(FAILURE, `source ${i}`, i)) recorded += 1;
    }
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(60 * 1024 * 1024);
    const leftOut = limits.takeLeftOut();
    expect(leftOut.length).toBeLessThanOrEqual(MOST_OF_SOURCE + 1);
    expect(recorded + leftOut.reduce((sum, { count }) => sum + count, 0)).toBe(60_000);
  });
});
