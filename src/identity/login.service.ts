import { Injectable, Logger } from '@nestjs/common';
import type { Origin } from '../events/origin.js';
import { PasswordHasher } from '../passwords/password-hasher.js';
import { FailureError } from '../platform/errors/failure.error.js';
import type { UserState } from '../users/user.entity.js';
import { UsersRepository } from '../users/users.repository.js';
import { PasswordGuesses } from './password-guesses.js';

/** Authenticates accounts by login name and password. */
@Injectable()
export class LoginService {
  private readonly logger = new Logger(LoginService.name);

  constructor(
    private readonly users: UsersRepository,
    private readonly hasher: PasswordHasher,
    private readonly guesses: PasswordGuesses,
  ) {}

  /**
   * Returns the account of a login name and its password. An unknown name, a disabled account and a
   * wrong password get the same answer after the same time. Replaces a hash that is cheaper than
   * the present cost.
   * @param disconnected aborted when the client disconnects
   * @throws FailureError `invalid_credentials`
   * @throws FailureError `throttled` after too many wrong guesses, `unavailable` when too many
   * passwords wait to be hashed
   */
  async authenticate(
    loginName: string,
    password: string,
    origin: Origin,
    disconnected?: AbortSignal,
  ): Promise<UserState> {
    await this.hasher.admit(disconnected);
    const { user, isRight } = await this.guesses.judge('login', { loginName, password, disconnected }, origin);
    if (!user || !isRight) throw new FailureError({ code: 'invalid_credentials' });
    if (this.hasher.isOutdated(user.passwordHash)) await this.upgradeHash(user, password);
    return user;
  }

  /**
   * Replaces a hash by one of the present cost. A failure is only logged, since the next login
   * retries.
   */
  private async upgradeHash(user: UserState, password: string): Promise<void> {
    try {
      await this.users.upgradePasswordHash(user, await this.hasher.hash(password));
    } catch (error) {
      this.logger.warn({ event: 'password_hash_not_upgraded', user: user.id, err: error });
    }
  }
}
