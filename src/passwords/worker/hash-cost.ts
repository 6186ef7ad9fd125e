import type { Cost } from './hash-task.js';

/** The least memory that argon2 takes for a thread. */
const MIN_LANE_KIB = 8;

const MEMORY_COST = /[$,]m=(\d+)/;
const TIME_COST = /[$,]t=(\d+)/;

type Work = Pick<Cost, 'memoryCost' | 'timeCost'>;

/**
 * Returns the cost that a hash names, zero for a text that is not an argon2 hash. Libraries order
 * the parameters differently.
 */
export function costOf(hash: string): Work {
  const number = (pattern: RegExp) => Number(pattern.exec(hash)?.[1] ?? 0);
  return { memoryCost: number(MEMORY_COST), timeCost: number(TIME_COST) };
}

/**
 * Returns the cost of a second hash, which brings the work up to that of one hash of the present
 * cost. It takes more passes and never more memory, since operators size machines by memory.
 * Returns undefined if no work is missing.
 * @param done cost of the hash that was computed
 */
export function topUpOf(present: Cost, done: Work): Cost | undefined {
  const { parallelism } = present;
  const missing = workOf(present) - workOf(done);
  if (missing < MIN_LANE_KIB * parallelism) return undefined;
  const timeCost = Math.ceil(missing / present.memoryCost);
  const memoryCost = Math.max(MIN_LANE_KIB * parallelism, Math.round(missing / timeCost));
  return { memoryCost, timeCost, parallelism };
}

/** Returns the KiB that a hash passes over. */
function workOf({ memoryCost, timeCost }: Work): number {
  return memoryCost * timeCost;
}
