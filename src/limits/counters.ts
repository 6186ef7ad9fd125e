import type { Budget, Counter } from './budget.js';

/** A budget, and the key that it is counted under. */
export interface Share {
  readonly budget: Budget;
  readonly id: string;
}

/** Attempts of one key that are counted together. */
export interface Take extends Share {
  readonly attempts: number;
}

/** An attempt that was counted, and the window that it was counted in. */
export interface Taken extends Share {
  readonly endsAt: number;
}

/** Counters by their ids. A key without attempts has none. */
export type CounterMap = ReadonlyMap<string, Counter>;

/**
 * Counters that all replicas share. They are in the database, or in memory with the embedded store,
 * which has one process.
 */
export abstract class Counters {
  /** Returns the counters of some ids. */
  abstract read(ids: readonly string[]): Promise<CounterMap>;

  /**
   * Counts attempts by one atomic statement.
   * @param takes each id at most once
   * @param now milliseconds since 1970
   * @returns the counters of the ids after the attempts
   */
  abstract add(takes: readonly Take[], now: number): Promise<CounterMap>;

  /**
   * Gives back one attempt of each key, unless its window has ended or the key has exceeded its
   * budget.
   */
  abstract giveBack(taken: readonly Taken[]): Promise<void>;

  /** Removes some of the counters that have expired. @returns whether there may be more */
  abstract trim(now: number): Promise<boolean>;
}
