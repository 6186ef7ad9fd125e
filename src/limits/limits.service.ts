import { Inject, Injectable } from '@nestjs/common';
import { Clock } from '../platform/clock/clock.js';
import { CONFIG, type Config } from '../platform/config/config.js';
import { batched } from '../platform/database/batched.js';
import { type Attempt, countAttempts, type Outcome, secondsTo } from './attempts.js';
import type { Budget } from './budget.js';
import { type Budgets, budgetsOf } from './budgets.js';
import { Counters, type Taken } from './counters.js';
import { RememberedRefusals } from './remembered-refusals.js';

/** One batch runs at a time, see {@link LoginGuessesService}. */
const BATCHES = { underWay: 1, size: 32 };

/**
 * Limits what each source may do besides guessing passwords: sign-ups, and guesses at the secrets
 * of clients.
 */
@Injectable()
export class LimitsService {
  private readonly budgets: Budgets;
  private readonly count: (attempt: Attempt) => Promise<Outcome>;

  constructor(
    private readonly counters: Counters,
    private readonly refusals: RememberedRefusals,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: Config,
  ) {
    this.budgets = budgetsOf(config);
    const run = (attempts: readonly Attempt[]) => countAttempts(counters, attempts, clock.now());
    this.count = batched(run, { ...BATCHES, patienceMs: config.DATABASE_TIMEOUT * 1000 });
  }

  /** Counts a sign-up. @returns seconds to wait, 0 for none */
  async countSignup(source: string): Promise<number> {
    return (await this.take(this.budgets.signup, source, '')).wait;
  }

  /**
   * Counts a guess at the secret of a client.
   * @returns seconds to wait, 0 for none; and a function that gives the guess back
   */
  async countClientGuess(client: string, source: string): Promise<{ wait: number; giveBack: () => Promise<void> }> {
    const { wait, taken } = await this.take(this.budgets.client, source, client);
    return { wait, giveBack: () => this.counters.giveBack(taken) };
  }

  private async take(budget: Budget, source: string, key: string): Promise<{ wait: number; taken: readonly Taken[] }> {
    if (!this.config.RATE_LIMIT) return { wait: 0, taken: [] };
    const id = `${budget.name} ${key} ${source}`;
    const remembered = this.refusals.refusedUntil(source, id);
    if (remembered > 0) return { wait: secondsTo(remembered, this.clock.now()), taken: [] };
    const { refusedUntil, taken } = await this.count({ shares: [{ budget, id }] });
    if (refusedUntil > 0) this.refusals.remember(source, id, refusedUntil);
    return { wait: secondsTo(refusedUntil, this.clock.now()), taken };
  }
}
