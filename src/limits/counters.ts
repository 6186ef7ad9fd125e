import type { Budget, Counter } from './budget.js';

/** A budget, and the key that it is counted under. */
export interface Share {
  readonly budget: Budget;
  readonly id: string;
}

/** Attempts to be counted. */
export interface Take extends Share {
  readonly attempts: number;
}

/** An attempt that was counted, and the window that it was counted in. */
export interface Taken extends Share {
  readonly endsAt: number;
}

/** Counters by their ids. One that has never counted, or that was removed, has none. */
export type CounterMap = ReadonlyMap<string, Counter>;

/** Counters that replicas share: in the database, or on the embedded store, which has one process, in memory. */
export abstract class Counters {
  /** @returns the counters of some ids as they are */
  abstract read(ids: readonly string[]): Promise<CounterMap>;

  /**
   * Counts attempts, each id at most once, all of them by one atomic statement.
   * @param now milliseconds since 1970
   * @returns the counters of the ids after it
   */
  abstract add(takes: readonly Take[], now: number): Promise<CounterMap>;

  /** Takes back one attempt of each, where its window goes on and its key has not gone beyond. */
  abstract giveBack(taken: readonly Taken[]): Promise<void>;

  /** Removes some of the counters that have expired. @returns whether there may be more */
  abstract trim(now: number): Promise<boolean>;
}
