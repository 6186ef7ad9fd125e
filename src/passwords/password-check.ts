import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type Config } from '../platform/config/config.js';
import { LoginGuessesService } from '../limits/login-guesses.service.js';
import { RefusalPause } from '../limits/refusal-pause.js';
import type { UserState } from '../users/user.entity.js';
import { UsersRepository } from '../users/users.repository.js';
import { PasswordHasher } from './password-hasher.js';

/** A password that somebody gives as that of a login name. */
export interface Guess {
  /** As typed. */
  readonly loginName: string;
  readonly password: string;
  /** The client's address. */
  readonly address: string;
  readonly hungUp?: AbortSignal | undefined;
}

/** `wait`: seconds until the next guess, 0 where there were not too many; then `isRight` says nothing. */
export interface Verdict {
  /** Null: no account goes by that name, or the guess was refused without a look. */
  readonly user: UserState | null;
  readonly isRight: boolean;
  readonly wait: number;
}

/**
 * Checks passwords, in this one place. A guess is counted before its password is checked, so that a burst of guesses gets no further
 * than guesses one after the other. A guess from a source that the account knows is checked first and counted if it was wrong, so that
 * an attacker who fails on purpose cannot lock the owner out.
 */
@Injectable()
export class PasswordCheck {
  constructor(
    private readonly hasher: PasswordHasher,
    private readonly users: UsersRepository,
    private readonly guesses: LoginGuessesService,
    private readonly pause: RefusalPause,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** @throws FailureError `unavailable` when too many wait to be hashed */
  async judge(guess: Guess): Promise<Verdict> {
    if (!this.config.RATE_LIMIT) {
      const user = await this.users.findByLoginName(guess.loginName);
      return { user, isRight: await this.isRight(guess, user), wait: 0 };
    }
    const admission = await this.guesses.admit(guess);
    const { user } = admission;
    if (admission.wait > 0) return this.refuse(guess, user, admission.wait);
    // A guess that ends otherwise, when its client goes away for instance, is not given back: that would be guesses for nothing.
    const isRight = await this.isRight(guess, user);
    if (isRight) await this.guesses.accept(admission);
    if (isRight || !admission.isKnown) return { user, isRight, wait: 0 };
    const wait = await this.guesses.countWrong(admission);
    return wait > 0 ? this.refuse(guess, user, wait) : { user, isRight, wait };
  }

  private async refuse({ hungUp }: Guess, user: UserState | null, wait: number): Promise<Verdict> {
    await this.pause.wait(hungUp);
    return { user, isRight: false, wait };
  }

  private async isRight({ password, hungUp }: Guess, user: UserState | null): Promise<boolean> {
    const matches = await this.hasher.verify(user?.passwordHash, password, hungUp);
    return matches && user !== null && user.disabledAt === null;
  }
}
