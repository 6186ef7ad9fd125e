import { Injectable } from '@nestjs/common';
import type { Origin } from '../events/origin.js';
import type { ReasonOf } from '../events/catalogue.js';
import { SecurityEventsService } from '../events/security-events.service.js';
import { type Guess, PasswordCheck, type Verdict } from '../passwords/password-check.js';
import { FailureError } from '../platform/errors/failure.error.js';
import type { UserState } from '../users/user.entity.js';

/** Judges guesses at passwords, and records the wrong and the throttled ones. */
@Injectable()
export class PasswordGuesses {
  constructor(
    private readonly check: PasswordCheck,
    private readonly events: SecurityEventsService,
  ) {}

  /**
   * Judges a guess, and records an event unless it is right.
   * @param event what the password was given for
   * @throws FailureError `throttled` after too many wrong guesses, `unavailable` when too many
   * passwords wait to be hashed
   */
  async judge(event: 'login' | 'password_change', guess: Omit<Guess, 'address'>, origin: Origin): Promise<Verdict> {
    const verdict = await this.check.judge({ ...guess, address: origin.address });
    const { user, isRight, wait } = verdict;
    const userId = user?.id;
    if (wait > 0) {
      this.events.record({ event, outcome: 'throttled', userId }, origin);
      throw new FailureError({ code: 'throttled', retryAfter: wait });
    }
    if (!isRight) this.events.record({ event, outcome: 'failure', reason: reasonOf(user), userId }, origin);
    return verdict;
  }
}

/** Returns the reason of a failure. Only operators see it. */
function reasonOf(user: UserState | null): ReasonOf<'login', 'failure'> {
  if (user === null) return 'unknown_name';
  return user.disabledAt === null ? 'wrong_password' : 'account_disabled';
}
