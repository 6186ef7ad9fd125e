import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type Config } from '../platform/config/config.js';
import { LoginGuessesService } from '../limits/login-guesses.service.js';
import { RefusalPause } from '../limits/refusal-pause.js';
import type { UserState } from '../users/user.entity.js';
import { UsersRepository } from '../users/users.repository.js';
import { PasswordHasher } from './password-hasher.js';

/** A password that a client gives for a login name. */
export interface Guess {
  /** As typed. */
  readonly loginName: string;
  readonly password: string;
  /** The client's address. */
  readonly address: string;
  readonly disconnected?: AbortSignal | undefined;
}

/** The result of a guess. */
export interface Verdict {
  /** Null if no account has that name, or if the guess was refused without a look-up. */
  readonly user: UserState | null;
  /** False for a refused guess, even if its password is right. */
  readonly isRight: boolean;
  /** Seconds until the next guess is checked; 0 for a guess that was not refused. */
  readonly wait: number;
}

/**
 * Checks passwords. Guesses are counted before they are checked, so that parallel guesses gain
 * nothing. A guess from a known source of the account is checked first and counted only if wrong.
 * So an attacker who fails on purpose cannot lock the owner out.
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

  /**
   * Judges a guess, and counts it unless `RATE_LIMIT` is off.
   * @throws FailureError `unavailable` when too many passwords wait to be hashed
   */
  async judge(guess: Guess): Promise<Verdict> {
    if (!this.config.RATE_LIMIT) {
      const user = await this.users.findByLoginName(guess.loginName);
      return { user, isRight: await this.isRight(guess, user), wait: 0 };
    }
    const admission = await this.guesses.admit(guess);
    const { user } = admission;
    if (admission.wait > 0) return this.refuse(guess, user, admission.wait);
    // A guess whose client disconnects stays counted. Otherwise, disconnecting would make guesses
    // free.
    const isRight = await this.isRight(guess, user);
    if (isRight) await this.guesses.accept(admission);
    if (isRight || !admission.isKnown) return { user, isRight, wait: 0 };
    const wait = await this.guesses.countWrong(admission);
    return wait > 0 ? this.refuse(guess, user, wait) : { user, isRight, wait };
  }

  private async refuse({ disconnected }: Guess, user: UserState | null, wait: number): Promise<Verdict> {
    await this.pause.wait(disconnected);
    return { user, isRight: false, wait };
  }

  private async isRight({ password, disconnected }: Guess, user: UserState | null): Promise<boolean> {
    const matches = await this.hasher.verify(user?.passwordHash, password, disconnected);
    return matches && user !== null && user.disabledAt === null;
  }
}
