import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { Clock } from '../clock/clock.js';
import { retrying, retryingRead } from '../database/retrying.js';
import { isUniqueViolation } from '../database/store-errors.js';
import { AuthError } from '../errors/failure.error.js';
import { isEmailName, nameKey, normalizeName } from './names.js';
import { User } from './user.entity.js';

/** An account to be made; names normalized and valid, the password hashed. */
export interface NewUser {
  readonly id: string;
  readonly username: string;
  readonly email: string | null;
  readonly firstName: string;
  readonly lastName: string;
  readonly passwordHash: string;
}

/** The accounts. */
@Injectable()
export class UsersService {
  constructor(
    @InjectRepository(User) private readonly users: Repository<User>,
    private readonly clock: Clock,
  ) {}

  /** @throws AuthError `user_exists` when the username or the email is taken */
  async create(account: NewUser): Promise<void> {
    const row = {
      ...account,
      usernameKey: nameKey(account.username),
      emailKey: account.email === null ? null : nameKey(account.email),
      sessionEpoch: 0,
      keptSessionId: null,
      keptEpoch: null,
      createdAt: this.clock.now(),
      disabledAt: null,
    };
    try {
      await retrying(() => this.users.insert(row));
    } catch (error) {
      if (isUniqueViolation(error)) throw new AuthError({ code: 'user_exists' }, { cause: error });
      throw error;
    }
  }

  /** Whether the username or the email belongs to an account. Both names normalized. */
  async isTaken(username: string, email: string | null): Promise<boolean> {
    const names = [{ usernameKey: nameKey(username) }, ...(email === null ? [] : [{ emailKey: nameKey(email) }])];
    return retryingRead(() => this.users.existsBy(names));
  }

  /** The account that a person means by a username or an email, as typed. */
  findByLoginName(typed: string): Promise<User | null> {
    const name = normalizeName(typed);
    const key = isEmailName(name) ? { emailKey: nameKey(name) } : { usernameKey: nameKey(name) };
    return retryingRead(() => this.users.findOneBy(key));
  }

  /**
   * Ends every session of an account but one in one statement, and sets a new password with it if one is given.
   * @param user as read before: nothing happens if its sessions were ended since, as every change of the password does
   * @param keep the session that lives on
   * @returns whether it happened
   */
  async endSessions({ id, sessionEpoch }: User, keep: string, passwordHash?: string): Promise<boolean> {
    const next = sessionEpoch + 1;
    const change = { ...(passwordHash && { passwordHash }), sessionEpoch: next, keptSessionId: keep, keptEpoch: next };
    const { affected } = await retrying(() => this.users.update({ id, sessionEpoch }, change));
    return affected === 1;
  }

  /** Ends every session of an account, whatever else happens to it at the same time. */
  async endAllSessions({ id }: User): Promise<void> {
    const change = { sessionEpoch: () => 'session_epoch + 1', keptSessionId: null, keptEpoch: null };
    await retrying(() => this.users.update({ id }, change));
  }

  /** Replaces the hash of the same password, unless the password was changed meanwhile. */
  async upgradePasswordHash(user: User, passwordHash: string): Promise<void> {
    await retrying(() => this.users.update({ id: user.id, passwordHash: user.passwordHash }, { passwordHash }));
  }
}
