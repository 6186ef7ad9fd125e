import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { Clock } from '../platform/clock/clock.js';
import { retrying, retryingRepeatable } from '../platform/database/retrying.js';
import { isUniqueViolation } from '../platform/database/store-errors.js';
import { FailureError } from '../platform/errors/failure.error.js';
import { isEmailName, nameKey, normalizeName } from './names.js';
import { User, type UserState } from './user.entity.js';

/** The login names of an account, normalized, with their keys, see `nameKey`. */
export interface LoginNames {
  readonly username: string;
  readonly usernameKey: string;
  readonly email: string | null;
  readonly emailKey: string | null;
}

/** An account to be inserted, with valid names and a hashed password. */
export interface NewUser extends LoginNames {
  readonly id: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly passwordHash: string;
}

/** Reads and writes the accounts. */
@Injectable()
export class UsersRepository {
  constructor(
    @InjectRepository(User) private readonly rows: Repository<User>,
    private readonly clock: Clock,
  ) {}

  /**
   * Inserts an account.
   * @throws FailureError `user_exists` when the username or the email is taken
   */
  async create(account: NewUser): Promise<void> {
    const row = {
      ...account,
      sessionEpoch: 0,
      keptSessionId: null,
      keptEpoch: null,
      createdAt: this.clock.now(),
      disabledAt: null,
    };
    try {
      await retrying(() => this.rows.insert(row));
    } catch (error) {
      if (isUniqueViolation(error)) throw new FailureError({ code: 'user_exists' }, { cause: error });
      throw error;
    }
  }

  /** Tells whether the username or the email belongs to an account. */
  isTaken({ usernameKey, emailKey }: LoginNames): Promise<boolean> {
    const where = [{ usernameKey }, ...(emailKey === null ? [] : [{ emailKey }])];
    return retryingRepeatable(() => this.rows.existsBy(where));
  }

  /** Returns the account that a person means by a username or an email, as typed. */
  findByLoginName(typed: string): Promise<UserState | null> {
    const name = normalizeName(typed);
    const key = nameKey(name);
    return retryingRepeatable(() => this.rows.findOneBy(isEmailName(name) ? { emailKey: key } : { usernameKey: key }));
  }

  /** Returns the email of an account. `UserState` leaves it out because few requests need it. */
  async emailOf({ id }: UserState): Promise<string | null> {
    const user = await retryingRepeatable(() => this.rows.findOne({ select: { email: true }, where: { id } }));
    return user?.email ?? null;
  }

  /**
   * Ends every session of an account but one, and sets a new password if one is given, by one
   * statement.
   * @param user as read before; nothing changes if its sessions were ended since, for instance by a
   * change of the password
   * @param keep the session that lives on
   * @returns whether the account was changed
   */
  async endOtherSessions({ id, sessionEpoch }: UserState, keep: string, passwordHash?: string): Promise<boolean> {
    const next = sessionEpoch + 1;
    const change = { ...(passwordHash && { passwordHash }), sessionEpoch: next, keptSessionId: keep, keptEpoch: next };
    const { affected } = await retrying(() => this.rows.update({ id, sessionEpoch }, change));
    return affected === 1;
  }

  /**
   * Ends every session of an account, even if another request changes the account at the same time.
   */
  async endAllSessions({ id }: UserState): Promise<void> {
    const change = { sessionEpoch: () => 'session_epoch + 1', keptSessionId: null, keptEpoch: null };
    await retrying(() => this.rows.update({ id }, change));
  }

  /** Replaces the hash of the same password, unless the password was changed meanwhile. */
  async upgradePasswordHash(user: UserState, passwordHash: string): Promise<void> {
    await retrying(() => this.rows.update({ id: user.id, passwordHash: user.passwordHash }, { passwordHash }));
  }
}
