import { refusedUntil } from './budget.js';
import type { CounterMap, Counters, Share, Take, Taken } from './counters.js';

/** The result of counting an attempt. */
export interface Outcome {
  /** Until when it is refused, in milliseconds since 1970; 0 when each of its budgets had room for it. */
  readonly refusedUntil: number;
  /** What it has taken, for an attempt that is given back. */
  readonly taken: readonly Taken[];
}

/** How long an attempt waits whose budget has room again by the time that it is refused. */
export const NEXT_TRY_MS = 1_000;

/** An attempt, and what it takes one of. */
export interface Attempt {
  /** Refuse it once they are used up. */
  readonly shares: readonly Share[];
  /** Counted with the attempt, whether it is refused or not. */
  readonly noted?: readonly Share[];
}

/**
 * Counts several attempts by one statement. An attempt beyond one of its shares is refused, and counted all the same: of a burst no
 * more get through than of attempts one after the other.
 * @param now milliseconds since 1970
 * @returns the attempts with what came of them
 */
export async function countAttempts<A extends Attempt>(
  counters: Counters,
  attempts: readonly A[],
  now: number,
): Promise<(A & Outcome)[]> {
  const takes = new Map<string, Take>();
  /** @returns which of the attempts at its id this is, counted from one */
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
    // Attempts that other replicas counted meanwhile are assumed to have come first, which lets through too few and never too many.
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

/** Returns how many seconds a client has to wait for a time, one at least; 0 for a time that is 0. Both in milliseconds since 1970. */
export function secondsTo(time: number, now: number): number {
  return time === 0 ? 0 : Math.max(1, Math.ceil((time - now) / 1000));
}
