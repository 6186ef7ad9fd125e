import { type RateLimiterAbstract, RateLimiterRes } from 'rate-limiter-flexible';
import { retrying } from '../database/retrying.js';

/** Whoever is refused often waits longer: `first` seconds, then twice as long each time, up to `longest`. */
export interface Delays {
  readonly first: number;
  readonly longest: number;
}

/** How many attempts a key has within a time, counted in a store that replicas share. */
export class Budget {
  /**
   * @param attempts counts the attempts of a window
   * @param refusals counts how often a key has used up its budget of late; left out, it waits for the end of the window
   */
  constructor(
    private readonly attempts: RateLimiterAbstract,
    private readonly refusals?: RateLimiterAbstract,
    private readonly delays: Delays = { first: 0, longest: 0 },
  ) {}

  /** Counts an attempt, before it is made: of many at once no more get through than there are left. @returns seconds to wait, 0 for none */
  async take(key: string): Promise<number> {
    try {
      await retrying(() => this.attempts.consume(key));
      return 0;
    } catch (thrown) {
      if (!(thrown instanceof RateLimiterRes)) throw thrown;
      const isFirstBeyond = thrown.consumedPoints === this.attempts.points + 1;
      const wait = isFirstBeyond ? await this.block(key) : undefined;
      return wait ?? Math.max(1, Math.ceil(thrown.msBeforeNext / 1000));
    }
  }

  /** Whether nothing is left. */
  async isSpent(key: string): Promise<boolean> {
    const state = await retrying(() => this.attempts.get(key));
    return state !== null && state.consumedPoints > this.attempts.points;
  }

  /** Takes back an attempt that was counted. */
  async giveBack(key: string): Promise<void> {
    const { consumedPoints } = await retrying(() => this.attempts.reward(key));
    // It was of the window before.
    if (consumedPoints < 0) await retrying(() => this.attempts.penalty(key));
  }

  private async block(key: string): Promise<number | undefined> {
    const { refusals } = this;
    if (!refusals) return undefined;
    const { consumedPoints } = await retrying(() => refusals.penalty(key));
    const seconds = Math.min(this.delays.first * 2 ** (consumedPoints - 1), this.delays.longest);
    await retrying(() => this.attempts.block(key, seconds));
    return seconds;
  }
}
