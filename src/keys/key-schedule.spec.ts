import { describe, expect, it } from 'vitest';
import { KeySchedule } from './key-schedule.js';

const DAY = 24 * 3600 * 1000;
const LEAD = 720_000;
const schedule = new KeySchedule(30);
/** Keys newest first: when each begins to sign and was retired, in days. */
const keysOf = (...keys: [activeFrom: number, retiredAt?: number][]) =>
  keys.map(([activeFrom, retiredAt], i) => ({
    generation: keys.length - i,
    activeFrom: activeFrom * DAY,
    retiredAt: retiredAt === undefined ? null : retiredAt * DAY,
  }));
const at = (keys: ReturnType<typeof keysOf>, days: number) => ({
  signing: schedule.signing(keys, days * DAY)?.generation,
  verifying: schedule.verifying(keys, days * DAY).map(({ generation }) => generation),
  next: schedule.nextActiveFrom(keys, days * DAY),
});

describe('KeySchedule', () => {
  it('activates the first key at once', () => {
    expect(at([], 5)).toEqual({ signing: undefined, verifying: [], next: 5 * DAY });
  });

  it('makes the next key one lead before its activation, and only once', () => {
    const keys = keysOf([0]);
    expect(schedule.nextActiveFrom(keys, 30 * DAY - LEAD - 1)).toBeUndefined();
    expect(schedule.nextActiveFrom(keys, 30 * DAY - LEAD)).toBe(30 * DAY);
    expect(schedule.nextActiveFrom(keys, 40 * DAY)).toBe(40 * DAY + LEAD);
    expect(at(keysOf([30], [0]), 29.999)).toEqual({ signing: 1, verifying: [2, 1], next: undefined });
  });

  it('keeps the old key until its tokens have expired', () => {
    const keys = keysOf([30], [0]);
    expect(at(keys, 30.5)).toEqual({ signing: 2, verifying: [2, 1], next: undefined });
    expect(at(keys, 31.1)).toEqual({ signing: 2, verifying: [2], next: undefined });
  });

  it('never replaces a retired key by an older key', () => {
    expect(at(keysOf([30, 50], [0]), 50)).toEqual({ signing: undefined, verifying: [], next: 50 * DAY });
    expect(at(keysOf([50.5], [30, 50], [0]), 50)).toMatchObject({ signing: 3, verifying: [3] });
  });

  it('keeps the present key if the next key was retired before its activation', () => {
    expect(at(keysOf([30, 29.99], [0]), 30.5)).toMatchObject({ signing: 1, verifying: [1] });
    expect(at(keysOf([30, 29.99], [0]), 29.995)).toMatchObject({ signing: 1 });
  });
});
