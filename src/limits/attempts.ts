import { refusedUntil } from './budget.js';
import type { CounterMap, Counters, Share, Take, Taken } from './counters.js';

/** The result of counting an attempt. */
export interface Outcome {
  /**
   * Until when the attempt is refused, in milliseconds since 1970; 0 when each of its budgets had
   * room for it.
   */
  readonly refusedUntil: number;
  /** What the attempt has taken, to be given back if it succeeds. */
  readonly taken: readonly Taken[];
}

/** How long a refused attempt waits if its budget already has room again. */
export const NEXT_TRY_MS = 1_000;

/** An attempt, and the budgets in which it counts as one. */
export interface Attempt {
  /** Budgets that refuse the attempt once they are used up. */
  readonly shares: readonly Share[];
  /** Budgets that are counted whether the attempt is refused or not. */
  readonly noted?: readonly Share[];
}

/**
 * Counts several attempts by one statement. An attempt beyond a budget is refused, and counted too,
 * so that parallel attempts gain nothing over attempts in sequence.
 * @param now milliseconds since 1970
 * @returns the attempts with their outcomes
 */
export async function countAttempts<A extends Attempt>(
  counters: Counters,
  attempts: readonly A[],
  now: number,
): Promise<(A & Outcome)[]> {
  const takes = new Map<string, Take>();
  /** Adds an attempt. @returns its number among the attempts at this id, from one */
  const take = (share: Share) => {
    const ordinal = (takes.get(share.id)?.attempts ?? 0) + 1;
    takes.set(share.id, { ...share, attempts: ordinal });
    return { ...share, ordinal };
  };
  const ordered = attempts.map((attempt) => {
    attempt.noted?.forEach(take);
    return { attempt, shares: attempt.shares.map(take) };
  });
  const after: CounterMap = takes.size > 0 ? await counters.add([...takes.values()], now) : new Map();
  return ordered.map(({ attempt, shares }) => {
    // Assumes that attempts that other replicas counted meanwhile came earlier. So too few attempts
    // may be let through, never too many.
    const beyond = shares.find(({ id, budget, ordinal }) => {
      const used = after.get(id)?.used ?? 0;
      return used - (takes.get(id)?.attempts ?? 0) + ordinal > budget.most;
    });
    return {
      ...attempt,
      taken: shares.map(({ id, budget }) => ({ id, budget, endsAt: after.get(id)?.endsAt ?? 0 })),
      refusedUntil: beyond ? refusedUntil(after.get(beyond.id), beyond.budget, now) || now + NEXT_TRY_MS : 0,
    };
  });
}

/**
 * Returns how many seconds are left until a time, at least one; 0 where the time is 0. Times are in
 * milliseconds since 1970.
 */
export function secondsTo(time: number, now: number): number {
  return time === 0 ? 0 : Math.max(1, Math.ceil((time - now) / 1000));
}
