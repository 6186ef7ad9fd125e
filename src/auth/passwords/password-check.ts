import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type Config } from '../../config/config.js';
import { KnownSourcesService } from '../../limits/known-sources.service.js';
import { LimitsService } from '../../limits/limits.service.js';
import { sourceOf } from '../../limits/source.js';
import { nameKey, normalizeName } from '../../users/names.js';
import type { UserState } from '../../users/user.entity.js';
import { PasswordHasher } from './password-hasher.js';

/** A password that somebody gives as that of a login name. */
export interface Guess {
  /** As typed. */
  readonly loginName: string;
  readonly password: string;
  /** Null: no account goes by that name. */
  readonly user: UserState | null;
  /** The client's address. */
  readonly address: string;
  readonly hungUp?: AbortSignal | undefined;
}

/** `wait`: seconds until the next guess, 0 where there were not too many; then `isRight` says nothing. */
export interface Verdict {
  readonly isRight: boolean;
  readonly wait: number;
}

/** In place of an account, so that none takes as many statements as any. */
const NOBODY = '00000000-0000-0000-0000-000000000000';

/**
 * The one place where a password is held against an account's. Guesses are counted before they are looked at, so that a burst of
 * them gets no further than one after the other. Not so those from a source where the account has logged in before: whoever fails on
 * purpose must not be able to lock its owner out, so there a right password is never refused, and wrong ones are counted afterwards.
 */
@Injectable()
export class PasswordCheck {
  constructor(
    private readonly hasher: PasswordHasher,
    private readonly limits: LimitsService,
    private readonly sources: KnownSourcesService,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  async judge(guess: Guess): Promise<Verdict> {
    if (!this.config.RATE_LIMIT) return { isRight: await this.isRight(guess), wait: 0 };
    const { user } = guess;
    const name = nameKey(normalizeName(guess.loginName));
    const source = sourceOf(guess.address);
    const userId = user?.id ?? NOBODY;
    const lastDay = await this.sources.lastDay(userId, source);
    const isKnown = !(await this.limits.isSpentFromKnown(userId, source)) && lastDay !== undefined;

    const early = isKnown ? 0 : await this.limits.guess(name, source);
    // Hashed all the same, for time not to tell who is known here; unless others wait for their hashes.
    if (early > 0 && this.hasher.isBusy) return { isRight: false, wait: early };
    // Of one that ends otherwise, by hanging up for instance, nothing is given back: that would be guesses for nothing.
    const isRight = await this.isRight(guess);
    if (isRight && early === 0) {
      if (!isKnown) await this.limits.takeBack(name, source);
      await this.sources.add(userId, source, lastDay);
      return { isRight, wait: 0 };
    }
    await this.limits.guessFromKnown(userId, source);
    return { isRight: false, wait: isKnown ? await this.limits.guess(name, source) : early };
  }

  private async isRight({ user, password, hungUp }: Guess): Promise<boolean> {
    const matches = await this.hasher.verify(user?.passwordHash, password, hungUp);
    return matches && user !== null && user.disabledAt === null;
  }
}
