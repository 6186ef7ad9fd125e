import { DAY_MS } from '../platform/clock/durations.js';

/** How many attempts a key has within a window, and how long it waits once it goes beyond them. */
export interface Budget {
  /** Distinguishes its counters from those of other budgets. */
  readonly name: string;
  /** How many attempts a window has. */
  readonly most: number;
  readonly windowMs: number;
  /**
   * The first wait. Each further wait within a day is twice as long. With 0, the key waits for the
   * end of its window.
   */
  readonly delayMs: number;
  readonly maxDelayMs: number;
}

/** The attempts of one key. Times are in milliseconds since 1970. */
export interface Counter {
  /** Attempts of the present window, including refused ones. */
  readonly used: number;
  /**
   * When the window ends, or the wait of a key that exceeded its budget. From then on `used` counts
   * as 0.
   */
  readonly endsAt: number;
  /** How often the key went beyond its budget within the day that ends at `refusalsEndAt`. */
  readonly refusals: number;
  readonly refusalsEndAt: number;
}

/**
 * Returns the state of a counter after some more attempts. {@link MySqlCounters} has the same rule
 * in SQL.
 */
export function counted(counter: Counter | undefined, budget: Budget, attempts: number, now: number): Counter {
  const { refusals = 0, refusalsEndAt = 0 } = counter ?? {};
  const before = usedOf(counter, now);
  const used = before + attempts;
  const endsAt = counter && counter.endsAt > now ? counter.endsAt : now + budget.windowMs;
  const goesBeyond = before <= budget.most && used > budget.most;
  if (!goesBeyond || budget.delayMs === 0) return { used, endsAt, refusals, refusalsEndAt };
  const isFirst = refusalsEndAt <= now;
  const times = isFirst ? 1 : refusals + 1;
  return {
    used,
    endsAt: now + Math.min(budget.delayMs * 2 ** (times - 1), budget.maxDelayMs),
    refusals: times,
    refusalsEndAt: isFirst ? now + DAY_MS : refusalsEndAt,
  };
}

/** Returns how many attempts of the present window a counter has. */
export function usedOf(counter: Counter | undefined, now: number): number {
  return counter && counter.endsAt > now ? counter.used : 0;
}

/**
 * Returns until when a key is refused, in milliseconds since 1970; 0 for a key that is not refused.
 */
export function refusedUntil(counter: Counter | undefined, budget: Budget, now: number): number {
  return counter && usedOf(counter, now) > budget.most ? counter.endsAt : 0;
}
