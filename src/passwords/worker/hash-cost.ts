import type { Cost } from './hash-task.js';

/** The least memory that argon2 takes for a thread. */
const MIN_LANE_KIB = 8;

const MEMORY_COST = /[$,]m=(\d+)/;
const TIME_COST = /[$,]t=(\d+)/;

type Work = Pick<Cost, 'memoryCost' | 'timeCost'>;

/** Returns the cost that a hash names, zero for what is no argon2 hash. Libraries order the parameters differently. */
export function costOf(hash: string): Work {
  const number = (pattern: RegExp) => Number(pattern.exec(hash)?.[1] ?? 0);
  return { memoryCost: number(MEMORY_COST), timeCost: number(TIME_COST) };
}

/**
 * Returns the cost of the hash that brings the work spent up to that of one hash of the present cost, or undefined if none is
 * lacking. It takes more passes, never more memory than the present cost: memory is what an operator sizes the machine by.
 * @param spent cost of the hash that was computed
 */
export function topUpOf(present: Cost, spent: Work): Cost | undefined {
  const { parallelism } = present;
  const lacking = workOf(present) - workOf(spent);
  if (lacking < MIN_LANE_KIB * parallelism) return undefined;
  const timeCost = Math.ceil(lacking / present.memoryCost);
  const memoryCost = Math.max(MIN_LANE_KIB * parallelism, Math.round(lacking / timeCost));
  return { memoryCost, timeCost, parallelism };
}

/** KiB that a hash passes over. */
function workOf({ memoryCost, timeCost }: Work): number {
  return memoryCost * timeCost;
}
