import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { costOf, topUpOf } from './hash-cost.js';
import type { Cost } from './hash-task.js';

const cost = fc.record({
  memoryCost: fc.integer({ min: 1024, max: 4_194_304 }),
  timeCost: fc.integer({ min: 1, max: 100 }),
  parallelism: fc.integer({ min: 1, max: 64 }),
});
const work = ({ memoryCost, timeCost }: Pick<Cost, 'memoryCost' | 'timeCost'>) => memoryCost * timeCost;

describe('topUpOf', () => {
  it('brings the work up to that of the present cost', () => {
    fc.assert(
      fc.property(cost, cost, (present, done) => {
        const topUp = topUpOf(present, done);
        const sum = work(done) + (topUp ? work(topUp) : 0);
        // Accurate to half a KiB a pass, and to the smallest hash that argon2 computes.
        if (work(done) <= work(present)) expect(Math.abs(sum - work(present))).toBeLessThan(8 * 64 + 100);
      }),
    );
  });

  it('never takes more memory than the present cost, nor less than argon2 needs', () => {
    fc.assert(
      fc.property(cost, cost, (present, done) => {
        const topUp = topUpOf(present, done);
        if (!topUp) return;
        expect(topUp.memoryCost).toBeLessThanOrEqual(present.memoryCost);
        expect(topUp.memoryCost).toBeGreaterThanOrEqual(8 * topUp.parallelism);
        expect(topUp.parallelism).toBe(present.parallelism);
      }),
    );
  });

  it('adds nothing to a hash that costs as much or more', () => {
    const present = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };
    expect(topUpOf(present, present)).toBeUndefined();
    expect(topUpOf(present, { memoryCost: 65_536, timeCost: 3 })).toBeUndefined();
  });
});

describe('costOf', () => {
  it.each([
    ['$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA', 19_456, 2],
    ['$argon2id$v=19$m=1024,p=1,t=3$c2FsdA$aGFzaA', 1024, 3],
    ['$argon2i$m=65536,t=1,p=4$c2FsdA$aGFzaA', 65_536, 1],
    ['!', 0, 0],
    ['', 0, 0],
  ])('reads %s', (hash, memoryCost, timeCost) => {
    expect(costOf(hash)).toEqual({ memoryCost, timeCost });
  });
});
