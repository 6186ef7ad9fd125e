import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { Clock } from '../platform/clock/clock.js';
import { EntityColumns, Selection } from '../platform/database/entity-columns.js';
import { retrying, retryingRepeatable } from '../platform/database/retrying.js';
import { StatementsService } from '../platform/database/statements.service.js';
import { isUniqueViolation } from '../platform/database/store-errors.js';
import { FailureError } from '../platform/errors/failure.error.js';
import { isEmailName, nameKey, normalizeName } from './names.js';
import { User, USER_STATE, type UserState } from './user.entity.js';

/** What an account goes by; the names normalized, with their keys, see `nameKey`. */
export interface LoginNames {
  readonly username: string;
  readonly usernameKey: string;
  readonly email: string | null;
  readonly emailKey: string | null;
}

/** An account to be made; names valid, the password hashed. */
export interface NewUser extends LoginNames {
  readonly id: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly passwordHash: string;
}

const NEW_USER = new EntityColumns(User, [
  ...USER_STATE,
  'usernameKey',
  'email',
  'emailKey',
  'firstName',
  'lastName',
  'createdAt',
]);
const STATE = new Selection(User, USER_STATE, 'u');

const INSERT = `INSERT INTO users ${NEW_USER.insertion}`;
const FIND_BY_USERNAME = `SELECT ${STATE.text} FROM users u WHERE u.username_key = ?`;
const FIND_BY_EMAIL = `SELECT ${STATE.text} FROM users u WHERE u.email_key = ?`;
const IS_TAKEN = 'SELECT 1 FROM users WHERE username_key = ? UNION SELECT 1 FROM users WHERE email_key = ?';

/** The accounts. */
@Injectable()
export class UsersRepository {
  constructor(
    @InjectRepository(User) private readonly users: Repository<User>,
    private readonly statements: StatementsService,
    private readonly clock: Clock,
  ) {}

  /** @throws FailureError `user_exists` when the username or the email is taken */
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
      await retrying(() => this.statements.write(INSERT, NEW_USER.valuesOf(row)));
    } catch (error) {
      if (isUniqueViolation(error)) throw new FailureError({ code: 'user_exists' }, { cause: error });
      throw error;
    }
  }

  /** Whether the username or the email belongs to an account. */
  async isTaken({ usernameKey, emailKey }: LoginNames): Promise<boolean> {
    return (await retryingRepeatable(() => this.statements.read(IS_TAKEN, [usernameKey, emailKey]))).length > 0;
  }

  /** The account that a person means by a username or an email, as typed. */
  async findByLoginName(typed: string): Promise<UserState | null> {
    const name = normalizeName(typed);
    const sql = isEmailName(name) ? FIND_BY_EMAIL : FIND_BY_USERNAME;
    const [row] = await retryingRepeatable(() => this.statements.read(sql, [nameKey(name)]));
    return row ? STATE.read(row) : null;
  }

  /** The email of an account, which its state leaves out: few requests need it. */
  async emailOf({ id }: UserState): Promise<string | null> {
    const user = await retryingRepeatable(() => this.users.findOne({ select: { email: true }, where: { id } }));
    return user?.email ?? null;
  }

  /**
   * Ends every session of an account but one in one statement, and sets a new password with it if one is given.
   * @param user as read before: nothing happens if its sessions were ended since, as every change of the password does
   * @param keep the session that lives on
   * @returns whether it happened
   */
  async endSessions({ id, sessionEpoch }: UserState, keep: string, passwordHash?: string): Promise<boolean> {
    const next = sessionEpoch + 1;
    const change = { ...(passwordHash && { passwordHash }), sessionEpoch: next, keptSessionId: keep, keptEpoch: next };
    const { affected } = await retrying(() => this.users.update({ id, sessionEpoch }, change));
    return affected === 1;
  }

  /** Ends every session of an account, whatever else happens to it at the same time. */
  async endAllSessions({ id }: UserState): Promise<void> {
    const change = { sessionEpoch: () => 'session_epoch + 1', keptSessionId: null, keptEpoch: null };
    await retrying(() => this.users.update({ id }, change));
  }

  /** Replaces the hash of the same password, unless the password was changed meanwhile. */
  async upgradePasswordHash(user: UserState, passwordHash: string): Promise<void> {
    await retrying(() => this.users.update({ id: user.id, passwordHash: user.passwordHash }, { passwordHash }));
  }
}
