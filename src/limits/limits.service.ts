import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type Config } from '../config/config.js';
import { Budget } from './budget.js';
import { Counters } from './counters.js';

const DAY = 24 * 3600;

/** A budget, and whose. */
type Share = readonly [Budget, string];

/** What may be guessed at and flooded, and how often. */
@Injectable()
export class LimitsService {
  private readonly bySource: Budget;
  private readonly byNameAndSource: Budget;
  private readonly byName: Budget;
  private readonly byKnownSource: Budget;
  private readonly signups: Budget;

  constructor(
    counters: Counters,
    @Inject(CONFIG) private readonly config: Config,
  ) {
    const delays = { first: config.LOGIN_DELAY, longest: config.LOGIN_DELAY_MAX };
    const login = (name: string, points: number) => {
      const refusals = counters.of(`${name}-refusals`, Number.MAX_SAFE_INTEGER, DAY);
      return new Budget(counters.of(name, points, config.LOGIN_LIMIT_WINDOW), refusals, delays);
    };
    this.bySource = login('login-source', config.LOGIN_LIMIT_SOURCE);
    this.byNameAndSource = login('login-name-source', config.LOGIN_LIMIT);
    this.byName = login('login-name', config.LOGIN_LIMIT_NAME);
    this.byKnownSource = new Budget(counters.of('login-known', config.LOGIN_LIMIT_KNOWN, DAY));
    this.signups = new Budget(counters.of('signup', config.SIGNUP_LIMIT, config.SIGNUP_LIMIT_WINDOW));
  }

  /**
   * Counts a guess at the password of a login name.
   * @param name as compared, see `nameKey`
   * @param source see `sourceOf`
   * @returns seconds to wait, 0 for none
   */
  async guess(name: string, source: string): Promise<number> {
    for (const [budget, key] of this.sharesOf(name, source)) {
      const wait = await budget.take(key);
      // What a source may not do any more is not counted against the name.
      if (wait > 0) return wait;
    }
    return 0;
  }

  /** Takes a guess back that was right. */
  async takeBack(name: string, source: string): Promise<void> {
    await Promise.all(this.sharesOf(name, source).map(([budget, key]) => budget.giveBack(key)));
  }

  /** Counts a wrong guess that would be looked at, were all budgets spent, for the sake of a source that the account knows. */
  async guessFromKnown(userId: string, source: string): Promise<void> {
    if (this.config.LOGIN_LIMIT_KNOWN > 0) await this.byKnownSource.take(`${userId} ${source}`);
  }

  /** Whether a source has guessed so often that it is treated like one that the account does not know. */
  async isSpentFromKnown(userId: string, source: string): Promise<boolean> {
    return this.config.LOGIN_LIMIT_KNOWN > 0 && this.byKnownSource.isSpent(`${userId} ${source}`);
  }

  /** Counts a sign-up. @returns seconds to wait, 0 for none */
  async signup(source: string): Promise<number> {
    return this.config.RATE_LIMIT ? this.signups.take(source) : 0;
  }

  private sharesOf(name: string, source: string): readonly Share[] {
    // Of one length, and no list of names for whoever reads the table.
    const key = createHash('sha256').update(name).digest('base64url');
    return [
      [this.bySource, source],
      [this.byNameAndSource, `${key} ${source}`],
      [this.byName, key],
    ];
  }
}
