import { Injectable, Logger } from '@nestjs/common';
import { v7 as uuid } from 'uuid';
import { AuthError, FailureError } from '../errors/failure.error.js';
import type { FieldProblems } from '../errors/failure.js';
import {
  emailProblems,
  isEmailName,
  nameKey,
  normalizeName,
  personalNameProblems,
  usernameProblems,
} from '../users/names.js';
import type { Session } from '../users/session.entity.js';
import { LastUsesService } from '../users/last-uses.service.js';
import { type Device, type SessionOfUser, SessionsService } from '../users/sessions.service.js';
import type { UserState } from '../users/user.entity.js';
import { type NewUser, UsersService } from '../users/users.service.js';
import { PasswordHasher } from './passwords/password-hasher.js';
import { PasswordPolicy } from './passwords/password-policy.js';
import { AuthSessionsService, type TokenPair } from './auth-sessions.service.js';

/** What a person gives to get an account; each field as typed. */
export interface Registration {
  readonly username: string;
  readonly password: string;
  /** Left out, the account has an email only if the username is one. */
  readonly email?: string;
  readonly firstName?: string;
  readonly lastName?: string;
}

/** Who may have an account, and who is who. */
@Injectable()
export class AccountsService {
  private readonly logger = new Logger(AccountsService.name);

  constructor(
    private readonly users: UsersService,
    private readonly sessions: AuthSessionsService,
    private readonly userSessions: SessionsService,
    private readonly lastUses: LastUsesService,
    private readonly hasher: PasswordHasher,
    private readonly policy: PasswordPolicy,
  ) {}

  /**
   * Makes an account and opens its first session.
   * @throws AuthError `invalid_fields` naming every field against the rules, `user_exists` when the username or the email is taken
   */
  async register(registration: Registration, device: Device, hungUp?: AbortSignal): Promise<TokenPair> {
    const names = normalized(registration);
    const fields = { ...nameProblems(names), ...unlessEmpty('password', this.policy.problems(registration.password)) };
    if (Object.keys(fields).length > 0) throw new AuthError({ code: 'invalid_fields', fields });
    this.hasher.admit();
    // Spares the hash; the unique keys decide in the end.
    if (await this.users.isTaken(names.username, names.email)) throw new AuthError({ code: 'user_exists' });

    const hashing = this.hasher.hash(registration.password, hungUp);
    return this.createWithSession({ ...names, id: uuid() }, hashing, device);
  }

  /**
   * The account of a login name and its password. An unknown name, a disabled account and a wrong password look alike and take as long.
   * @throws AuthError `invalid_credentials`
   */
  async authenticate(loginName: string, password: string, hungUp?: AbortSignal): Promise<UserState> {
    this.hasher.admit();
    const user = await this.users.findByLoginName(loginName);
    const matches = await this.hasher.verify(user?.passwordHash, password, hungUp);
    if (!user || !matches || user.disabledAt !== null) throw new AuthError({ code: 'invalid_credentials' });
    if (this.hasher.isOutdated(user.passwordHash)) await this.upgradeHash(user, password);
    return user;
  }

  /** The living sessions of an account, newest first. */
  async sessionsOf(user: UserState): Promise<Session[]> {
    await this.lastUses.write();
    return this.userSessions.ofUser(user);
  }

  /** @throws AuthError `session_not_found` unless it is a living session of this account */
  async endSession(user: UserState, id: string): Promise<void> {
    const living = await this.userSessions.ofUser(user);
    if (!living.some((session) => session.id === id)) throw new AuthError({ code: 'session_not_found' });
    await this.userSessions.revoke(id, 'owner');
  }

  /** Ends all sessions of the account, this one too. */
  endAllSessions({ user }: SessionOfUser): Promise<void> {
    return this.users.endAllSessions(user);
  }

  /**
   * Ends all sessions of the account but this one.
   * @throws AuthError `token_not_valid` when this one was ended by another
   */
  async endOtherSessions(session: SessionOfUser): Promise<void> {
    let present = session;
    while (!(await this.users.endSessions(present.user, present.id))) present = await this.sessions.alive(present.id);
  }

  /**
   * Changes the password, and ends all sessions of the account but this one.
   * @throws AuthError `invalid_fields` for a wrong current or an unfit new password, `token_not_valid` when this session was ended by another
   */
  async changePassword(session: SessionOfUser, current: string, next: string): Promise<void> {
    await this.checkPasswords(session.user, current, next);
    const passwordHash = await this.hasher.hash(next);
    let present = session;
    while (!(await this.users.endSessions(present.user, present.id, passwordHash))) {
      // Its sessions were ended meanwhile, its password perhaps changed.
      present = await this.sessions.alive(present.id);
      await this.checkPasswords(present.user, current, next);
    }
  }

  /** There will be another login to do it at, should it fail now. */
  private async upgradeHash(user: UserState, password: string): Promise<void> {
    try {
      await this.users.upgradePasswordHash(user, await this.hasher.hash(password));
    } catch (error) {
      this.logger.warn({ event: 'password_hash_not_upgraded', user: user.id, err: error });
    }
  }

  private async checkPasswords(user: UserState, current: string, next: string): Promise<void> {
    const matches = await this.hasher.verify(user.passwordHash, current);
    const fields = {
      ...unlessEmpty('currentPassword', matches ? [] : ['this is not the current password']),
      ...unlessEmpty('newPassword', this.policy.problems(next)),
    };
    if (Object.keys(fields).length > 0) throw new AuthError({ code: 'invalid_fields', fields });
  }

  /**
   * The session first, while the password is hashed: a session of nobody is nothing, an account without the answer that it was
   * made is a name lost to its owner. So the one insert of the account decides, and no transaction spans two round trips.
   */
  private async createWithSession(
    user: Omit<NewUser, 'passwordHash'>,
    hashing: Promise<string>,
    device: Device,
  ): Promise<TokenPair> {
    const [hashed, opened] = await Promise.allSettled([
      hashing,
      this.sessions.open({ id: user.id, sessionEpoch: 0 }, device),
    ]);
    try {
      if (hashed.status === 'rejected') throw hashed.reason;
      if (opened.status === 'rejected') throw opened.reason;
      await this.users.create({ ...user, passwordHash: hashed.value });
      return opened.value.tokens;
    } catch (error) {
      // Left behind, it would be purged with the others.
      if (error instanceof FailureError && opened.status === 'fulfilled')
        await this.sessions.discard(opened.value.sid).catch(() => undefined);
      throw error;
    }
  }
}

type Names = Pick<NewUser, 'username' | 'email' | 'firstName' | 'lastName'>;

function normalized({ username, email, firstName = '', lastName = '' }: Registration): Names {
  const name = normalizeName(username);
  const ownEmail = isEmailName(name) ? name : null;
  return {
    username: name,
    email: email === undefined ? ownEmail : normalizeName(email),
    firstName: firstName.trim(),
    lastName: lastName.trim(),
  };
}

function nameProblems({ username, email, firstName, lastName }: Names): FieldProblems {
  return {
    ...unlessEmpty('username', [...usernameProblems(username), ...mismatch(username, email)].slice(0, 1)),
    ...unlessEmpty('email', email === null || email === username ? [] : emailProblems(email)),
    ...unlessEmpty('firstName', personalNameProblems(firstName)),
    ...unlessEmpty('lastName', personalNameProblems(lastName)),
  };
}

/** A username that is an email must be the account's own, or it would let one account go by the other's name. */
function mismatch(username: string, email: string | null): string[] {
  const differs = isEmailName(username) && email !== null && nameKey(username) !== nameKey(email);
  return differs ? ['a username with @ must equal the email'] : [];
}

function unlessEmpty(field: string, problems: string[]): FieldProblems {
  return problems.length > 0 ? { [field]: problems } : {};
}
