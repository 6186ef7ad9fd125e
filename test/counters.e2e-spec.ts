import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type Budget, refusedUntil, usedOf } from '../src/limits/budget.js';
import { type Counter } from '../src/limits/budget.js';
import { Counters, type Taken } from '../src/limits/counters.js';
import { MemoryCounters } from '../src/limits/memory-counters.js';
import { JobsService } from '../src/jobs/jobs.service.js';
import { newName } from './support/accounts.js';
import { type Service, startService } from './support/service.js';

const DELAYED: Budget = { name: 'delayed', most: 3, windowMs: 100_000, delayMs: 20_000, maxDelayMs: 70_000 };
const PLAIN: Budget = { name: 'plain', most: 4, windowMs: 50_000, delayMs: 0, maxDelayMs: 0 };

let service: Service;
let counters: Counters;
beforeAll(async () => {
  service = await startService();
  counters = service.app.get(Counters);
});
afterAll(() => service.stop());

/** Returns a share that no other test uses. */
const newShare = (budget: Budget) => ({ budget, id: `${budget.name} ${newName()}` });
const now = () => service.clock.now();

async function take(share: { budget: Budget; id: string }, attempts = 1): Promise<Counter | undefined> {
  return (await counters.add([{ ...share, attempts }], now())).get(share.id);
}

describe('A counter', () => {
  it('restarts after its window', async () => {
    const share = newShare(PLAIN);
    expect((await take(share, 4))?.used).toBe(4);
    service.clock.advance(51);
    expect((await take(share))?.used).toBe(1);
  });

  it('doubles the delay each time a key exceeds its budget within a day, up to the longest delay', async () => {
    const share = newShare(DELAYED);
    const waits: number[] = [];
    for (let i = 0; i < 4; i++) {
      await take(share, 3);
      const until = refusedUntil(await take(share), DELAYED, now());
      waits.push((until - now()) / 1000);
      service.clock.advance((until - now()) / 1000);
    }
    expect(waits).toEqual([20, 40, 70, 70]);
    service.clock.advance(24 * 3600);
    expect(refusedUntil(await take(share, 4), DELAYED, now()) - now()).toBe(20_000);
  });

  it('keeps its delay after a key has exceeded its budget a thousand times within a day', async () => {
    const share = newShare({ name: 'short', most: 1, windowMs: 1_000, delayMs: 1_000, maxDelayMs: 1_000 });
    for (let i = 0; i < 1_030; i++) {
      const counter = await take(share, 2);
      expect((counter?.endsAt ?? 0) - now()).toBe(1_000);
      service.clock.advance(1);
    }
  });

  it('gives back attempts of the current window, and none of an earlier window', async () => {
    const share = newShare(PLAIN);
    const taken = { ...share, endsAt: (await take(share, 2))?.endsAt ?? 0 };
    await counters.giveBack([taken]);
    expect((await take(share))?.used).toBe(2);
    service.clock.advance(51);
    await take(share, 2);
    await counters.giveBack([taken]);
    expect((await counters.read([share.id])).get(share.id)?.used).toBe(2);
  });

  it('gives nothing back after its key has exceeded the budget', async () => {
    const share = newShare(PLAIN);
    const { endsAt = 0 } = (await take(share, 5)) ?? {};
    await counters.giveBack([{ ...share, endsAt }]);
    expect((await counters.read([share.id])).get(share.id)?.used).toBe(5);
  });

  it('counts every one of many concurrent attempts', async () => {
    const shares = [newShare(DELAYED), newShare(PLAIN), newShare(PLAIN)];
    const orders = [shares, shares.toReversed(), [shares[1]!, shares[0]!, shares[2]!]];
    const takes = Array.from({ length: 60 }, (_, i) => orders[i % 3]!.map((share) => ({ ...share, attempts: 1 })));
    await Promise.all(takes.map((one) => counters.add(one, now())));
    const after = await counters.read(shares.map(({ id }) => id));
    expect(shares.map(({ id }) => after.get(id)?.used)).toEqual([60, 60, 60]);
  });
});

type Step =
  | { kind: 'add'; attempts: [number, number, number] }
  | { kind: 'giveBack'; which: number }
  | { kind: 'advance'; seconds: number };

const steps = fc.array(
  fc.oneof<fc.Arbitrary<Step>[]>(
    fc.record({
      kind: fc.constant('add' as const),
      attempts: fc.tuple(fc.nat(6), fc.nat(6), fc.nat(6)),
    }),
    fc.record({ kind: fc.constant('giveBack' as const), which: fc.nat(2) }),
    fc.record({ kind: fc.constant('advance' as const), seconds: fc.constantFrom(1, 19, 20, 21, 50, 51, 100, 86_400) }),
  ),
  { minLength: 5, maxLength: 20 },
);

describe('The counters of the store', () => {
  it('give the same results as the counters in memory for any sequence of calls', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (all) => {
        const memory = new MemoryCounters();
        const shares = [newShare(DELAYED), newShare(PLAIN), newShare(DELAYED)];
        const ids = shares.map(({ id }) => id);
        const latest: (Taken | undefined)[] = [];
        for (const step of all) {
          if (step.kind === 'advance') service.clock.advance(step.seconds);
          if (step.kind === 'giveBack') {
            const taken = latest[step.which];
            if (taken) for (const one of [counters, memory]) await one.giveBack([taken]);
          }
          if (step.kind !== 'add') continue;
          const takes = shares
            .map((share, i) => ({ ...share, attempts: step.attempts[i]! }))
            .filter(({ attempts }) => attempts > 0);
          if (takes.length === 0) continue;
          const after = await counters.add(takes, now());
          expect(after).toEqual(await memory.add(takes, now()));
          for (const [i, share] of shares.entries())
            if (after.has(share.id)) latest[i] = { ...share, endsAt: after.get(share.id)!.endsAt };
        }
        const [here, there] = await Promise.all([counters.read(ids), memory.read(ids)]);
        for (const id of ids) expect(usedOf(here.get(id), now())).toBe(usedOf(there.get(id), now()));
      }),
      { numRuns: inject('mysqlUrl') ? 60 : 20 },
    );
  });

  // Counters of the embedded store are in memory, not in a table.
  it.runIf(inject('mysqlUrl'))('are removed by the thousand after they have expired', async () => {
    const values = Array.from({ length: 5_000 }, (_, i) => `('old ${i}', 1, 1, 0, 0, 1)`).join(', ');
    await service.dataSource.query(`INSERT INTO counters VALUES ${values}`);
    const share = newShare(PLAIN);
    await take(share);
    await service.app.get(JobsService).run();
    expect(await service.dataSource.query("SELECT * FROM counters WHERE id LIKE 'old %'")).toEqual([]);
    expect((await counters.read([share.id])).size).toBe(1);
  });
});
