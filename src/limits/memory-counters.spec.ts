import { expect, it } from 'vitest';
import { type Budget, refusedUntil, usedOf } from './budget.js';
import { MemoryCounters } from './memory-counters.js';

const NAME: Budget = { name: 'name', most: 50, windowMs: 900_000, delayMs: 60_000, maxDelayMs: 3_600_000 };
const CLIENT: Budget = { ...NAME, name: 'client', most: 2 };
const VICTIM = { budget: NAME, id: 'name victim' };
const NOW = 1_000_000;

/** Counts that many other keys, as an attacker can who has many addresses. */
async function flood(counters: MemoryCounters, count: number, budget: Budget, attempts = 1): Promise<void> {
  for (let from = 0; from < count; from += 1_000) {
    const takes = Array.from({ length: 1_000 }, (_, i) => ({ budget, id: `${budget.name} ${from + i}`, attempts }));
    await counters.add(takes, NOW);
  }
}

async function victim(counters: MemoryCounters) {
  return (await counters.read([VICTIM.id])).get(VICTIM.id);
}

it.each([NAME, CLIENT])('keeps the count of a name while many other keys are counted: $name', async (budget) => {
  const counters = new MemoryCounters();
  await counters.add([{ ...VICTIM, attempts: 49 }], NOW);
  await flood(counters, 120_000, budget);
  expect(usedOf(await victim(counters), NOW)).toBe(49);
  expect(usedOf((await counters.add([{ ...VICTIM, attempts: 1 }], NOW)).get(VICTIM.id), NOW)).toBe(50);
});

it('keeps a refusal while many other keys are refused', async () => {
  const counters = new MemoryCounters();
  await counters.add([{ ...VICTIM, attempts: 51 }], NOW);
  await flood(counters, 60_000, CLIENT, 3);
  const until = NOW + NAME.delayMs;
  expect(refusedUntil(await victim(counters), NAME, NOW)).toBe(until);
  const after = (await counters.add([{ ...VICTIM, attempts: 51 }], until)).get(VICTIM.id);
  expect(refusedUntil(after, NAME, until)).toBe(until + 2 * NAME.delayMs);
});

it('takes few attempts from new keys after other counters were forgotten', async () => {
  const counters = new MemoryCounters();
  await counters.add([{ ...VICTIM, attempts: 49 }], NOW);
  await flood(counters, 120_000, NAME);
  const others = Array.from({ length: 100 }, (_, i) => ({ budget: NAME, id: `name other ${i}`, attempts: 1 }));
  const after = await counters.add(others, NOW);
  const used = [...after.values()].map((counter) => counter.used).sort((a, b) => a - b);
  expect(used.at(-2)).toBeLessThanOrEqual(2);
});
