import { describe, expect, it } from 'vitest';
import { type Budget, type Counter, counted, refusedUntil, usedOf } from './budget.js';

const DAY = 86_400_000;
const NOW = 10 * DAY;
const DELAYED: Budget = { name: 'name', most: 3, windowMs: 900, delayMs: 60, maxDelayMs: 200 };
const PLAIN: Budget = { ...DELAYED, delayMs: 0, maxDelayMs: 0 };

const counter = (used: number, endsAt: number, refusals = 0, refusalsEndAt = 0): Counter => ({
  ...{ used, endsAt, refusals, refusalsEndAt },
});

describe('A counter', () => {
  it.each<[string, Counter | undefined, Budget, number, Counter]>([
    ['begins a window', undefined, DELAYED, 1, counter(1, NOW + 900)],
    ['continues within its window', counter(1, NOW + 5), DELAYED, 1, counter(2, NOW + 5)],
    ['begins again once its window is over', counter(3, NOW), DELAYED, 1, counter(1, NOW + 900)],
    ['uses its budget up', counter(2, NOW + 5), DELAYED, 1, counter(3, NOW + 5)],
    ['waits once it goes beyond', counter(3, NOW + 5), DELAYED, 1, counter(4, NOW + 60, 1, NOW + DAY)],
    ['waits once several attempts go beyond', undefined, DELAYED, 9, counter(9, NOW + 60, 1, NOW + DAY)],
    [
      'waits no longer for further attempts',
      counter(4, NOW + 60, 1, NOW + 7),
      DELAYED,
      1,
      counter(5, NOW + 60, 1, NOW + 7),
    ],
    [
      'waits twice as long the second time',
      counter(3, NOW + 5, 1, NOW + 7),
      DELAYED,
      1,
      counter(4, NOW + 120, 2, NOW + 7),
    ],
    [
      'waits no longer than the longest delay',
      counter(3, NOW + 5, 9, NOW + 7),
      DELAYED,
      1,
      counter(4, NOW + 200, 10, NOW + 7),
    ],
    [
      'begins with the first delay after a day',
      counter(3, NOW + 5, 9, NOW),
      DELAYED,
      1,
      counter(4, NOW + 60, 1, NOW + DAY),
    ],
    ['waits for the end of its window without delays', counter(3, NOW + 5), PLAIN, 1, counter(4, NOW + 5)],
    ['counts nothing for no attempts', counter(2, NOW + 5), DELAYED, 0, counter(2, NOW + 5)],
  ])('%s', (_, before, budget, attempts, after) => {
    expect(counted(before, budget, attempts, NOW)).toEqual(after);
  });

  it.each<[Counter | undefined, number, number]>([
    [undefined, 0, 0],
    [counter(3, NOW + 5), 3, 0],
    [counter(4, NOW + 5), 4, NOW + 5],
    [counter(4, NOW), 0, 0],
  ])('%j has used %i attempts, and refuses until %i', (present, used, until) => {
    expect([usedOf(present, NOW), refusedUntil(present, DELAYED, NOW)]).toEqual([used, until]);
  });
});
