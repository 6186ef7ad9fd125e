import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { Clock } from '../platform/clock/clock.js';
import { CONFIG, type Config } from '../platform/config/config.js';
import { batched } from '../platform/database/batched.js';
import { isEmailName, nameKey, normalizeName } from '../users/names.js';
import type { UserState } from '../users/user.entity.js';
import { type Attempt, countAttempts, NEXT_TRY_MS, secondsTo } from './attempts.js';
import { refusedUntil, usedOf } from './budget.js';
import { type Budgets, budgetsOf } from './budgets.js';
import { Counters, type Share, type Taken } from './counters.js';
import { KnownSourcesService } from './known-sources.service.js';
import { type Found, knownId, LoginLookup, type Query } from './login-lookup.js';
import { RememberedRefusals } from './remembered-refusals.js';
import { sourceOf } from './source.js';

/** A login name as typed, and the client's address. */
export interface Login {
  readonly loginName: string;
  readonly address: string;
}

/** Whether the password of a guess is checked. */
export interface Admission {
  /** Null if no account has that name, or if the refusal was remembered. */
  readonly user: UserState | null;
  /** Seconds until the next guess; 0 if this guess is checked. */
  readonly wait: number;
  readonly query: Query;
  /**
   * Whether the account has logged in from the source, so that its right password is never refused.
   */
  readonly isKnown: boolean;
  readonly lastDay: number | undefined;
  readonly taken: readonly Taken[];
}

/** A guess to count: before its password is checked, or after the password was wrong. */
interface Step {
  readonly query: Query;
  readonly isWrong: boolean;
}

interface Plan extends Attempt {
  readonly found: Found;
  readonly isKnown: boolean;
  /** Whether the guess exceeds a budget, in which alone it is counted. */
  readonly isUsedUp: boolean;
  /** Until when the guess is refused, in milliseconds since 1970; 0 if its count decides. */
  readonly refusedBefore: number;
}

type Verdict = Admission & { readonly refusedUntil: number };

/**
 * The index of the counter of the name. Its id is short for any name, so refusals are remembered by
 * it.
 */
const NAME = 2;

/**
 * Runs one batch at a time, so that each batch reads what the previous batch has counted. So a
 * process counts a burst as if its guesses had come one after the other.
 */
const BATCHES = { underWay: 1, size: 32 };

/**
 * Counts guesses at passwords before they are checked, by name, by source and by both. A guess that
 * its source may not make is not counted against the name. A guess from a known source of the
 * account is counted only if it was wrong.
 */
@Injectable()
export class LoginGuessesService {
  private readonly budgets: Budgets;
  private readonly take: (step: Step) => Promise<Verdict>;

  constructor(
    private readonly counters: Counters,
    private readonly lookup: LoginLookup,
    private readonly sources: KnownSourcesService,
    private readonly refusals: RememberedRefusals,
    private readonly clock: Clock,
    @Inject(CONFIG) config: Config,
  ) {
    this.budgets = budgetsOf(config);
    const patienceMs = config.DATABASE_TIMEOUT * 1000;
    this.take = batched((steps: readonly Step[]) => this.takeAll(steps), { ...BATCHES, patienceMs });
  }

  /**
   * Counts a guess, unless the account knows its source.
   * @returns whether its password is to be checked
   */
  async admit({ loginName, address }: Login): Promise<Admission> {
    const query = this.queryOf(loginName, sourceOf(address));
    const remembered = this.refusals.refusedUntil(query.source, query.counters[NAME]);
    const wait = secondsTo(remembered, this.clock.now());
    if (wait > 0) return { user: null, query, isKnown: false, lastDay: undefined, taken: [], wait };
    const verdict = await this.take({ query, isWrong: false });
    if (verdict.wait > 0) this.refusals.remember(query.source, query.counters[NAME], verdict.refusedUntil);
    return verdict;
  }

  /** Gives back the count of a right guess, and notes its source. */
  async accept({ user, query, taken, lastDay }: Admission): Promise<void> {
    if (!user) return;
    await Promise.all([this.counters.giveBack(taken), this.sources.add(user.id, query.source, lastDay)]);
  }

  /**
   * Counts a wrong guess that was checked because the account knows its source.
   * @returns seconds until the next guess; 0 if a guess from an unknown source would have been
   * checked
   */
  async countWrong({ query }: Admission): Promise<number> {
    return (await this.take({ query, isWrong: true })).wait;
  }

  private queryOf(loginName: string, source: string): Query {
    const typed = normalizeName(loginName);
    const name = nameKey(typed);
    // Hashed, so that ids have one length and the table shows no names.
    const hash = createHash('sha256').update(name).digest('base64url');
    return {
      ...{ name, isEmail: isEmailName(typed), source, oldestDay: this.sources.oldestDay },
      counters: [`source ${source}`, `name-source ${hash} ${source}`, `name ${hash}`],
    };
  }

  private async takeAll(steps: readonly Step[]): Promise<Verdict[]> {
    const now = this.clock.now();
    const found = await this.lookup.find(steps.map(({ query }) => query));
    const used = new Map<string, number>();
    const plans = found.map((one, i) => this.plan(one, steps[i]?.isWrong === true, used, now));
    return (await countAttempts(this.counters, plans, now)).map((plan) => {
      const { user, lastDay, query } = plan.found;
      const refusedUntil = plan.refusedBefore || plan.refusedUntil || (plan.isUsedUp ? now + NEXT_TRY_MS : 0);
      const wait = secondsTo(refusedUntil, now);
      return { user, lastDay, query, isKnown: plan.isKnown, taken: plan.taken, refusedUntil, wait };
    });
  }

  /** @param used attempts of each counter, with those of this batch; this guess is added */
  private plan(found: Found, isWrong: boolean, used: Map<string, number>, now: number): Plan {
    const { query, user, counters } = found;
    const isKnown = this.isKnown(found, now);
    const plan = { found, isKnown, isUsedUp: false, refusedBefore: 0 };
    if (isKnown && !isWrong) return { ...plan, shares: [] };
    const noted = isWrong ? this.knownSharesOf(user, query) : [];
    const shares = this.sharesOf(query).map((share, i) => ({ ...share, counter: counters[i] }));
    const refusing = shares.find(({ counter, budget }) => refusedUntil(counter, budget, now) > 0);
    if (refusing) return { ...plan, shares: [], noted, refusedBefore: refusing.counter?.endsAt ?? 0 };
    for (const { id, counter } of shares) if (!used.has(id)) used.set(id, usedOf(counter, now));
    const usedUp = shares.find(({ id, budget }) => (used.get(id) ?? 0) >= budget.most);
    const counted = usedUp ? [usedUp] : shares;
    for (const { id } of counted) used.set(id, (used.get(id) ?? 0) + 1);
    return { ...plan, shares: counted, noted, isUsedUp: usedUp !== undefined };
  }

  /**
   * Tells whether the account has logged in from the source, and too few wrong passwords have come
   * from the source to make it unknown.
   */
  private isKnown({ lastDay, counters }: Found, now: number): boolean {
    const { most } = this.budgets.known;
    return lastDay !== undefined && (most === 0 || usedOf(counters.at(-1), now) < most);
  }

  private sharesOf({ counters: [source, nameAndSource, name] }: Query): Share[] {
    const { budgets } = this;
    return [
      { budget: budgets.source, id: source },
      { budget: budgets.nameAndSource, id: nameAndSource },
      { budget: budgets.name, id: name },
    ];
  }

  private knownSharesOf(user: UserState | null, { source }: Query): Share[] {
    const budget = this.budgets.known;
    return user && budget.most > 0 ? [{ budget, id: knownId(user.id, source) }] : [];
  }
}
