import { Injectable, Logger } from '@nestjs/common';
import type { Origin } from '../events/origin.js';
import type { EventName } from '../events/security-event.entity.js';
import { SecurityEventsService } from '../events/security-events.service.js';
import { FailureError } from '../platform/errors/failure.error.js';
import type { Session } from '../users/session.entity.js';
import { LastUsesService } from '../sessions/last-uses.service.js';
import { type SessionOfUser, SessionsRepository } from '../users/sessions.repository.js';
import type { UserState } from '../users/user.entity.js';
import { UsersRepository } from '../users/users.repository.js';
import { type Guess, PasswordCheck, type Verdict } from '../passwords/password-check.js';
import { PasswordHasher } from '../passwords/password-hasher.js';
import { PasswordPolicy } from '../passwords/password-policy.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { unlessEmpty } from '../platform/errors/field-problems.js';

export interface PasswordChange {
  readonly current: string;
  readonly next: string;
}

/** Sessions of a page. */
const PAGE = 100;

/** Who is who, and what owners do to their accounts. */
@Injectable()
export class AccountsService {
  private readonly logger = new Logger(AccountsService.name);

  constructor(
    private readonly users: UsersRepository,
    private readonly sessions: SessionsService,
    private readonly userSessions: SessionsRepository,
    private readonly lastUses: LastUsesService,
    private readonly hasher: PasswordHasher,
    private readonly policy: PasswordPolicy,
    private readonly check: PasswordCheck,
    private readonly events: SecurityEventsService,
  ) {}

  /**
   * The account of a login name and its password. An unknown name, a disabled account and a wrong password look alike and take as long.
   * @throws FailureError `invalid_credentials`
   * @throws FailureError `throttled` after too many wrong ones, `unavailable` when too many wait to be hashed
   */
  async authenticate(loginName: string, password: string, origin: Origin, hungUp?: AbortSignal): Promise<UserState> {
    await this.hasher.admit(hungUp);
    const { user, isRight } = await this.judge(
      'login',
      { loginName, password, address: origin.address, hungUp },
      origin,
    );
    if (!user || !isRight) throw new FailureError({ code: 'invalid_credentials' });
    if (this.hasher.isOutdated(user.passwordHash)) await this.upgradeHash(user, password);
    return user;
  }

  /**
   * Returns a page of the living sessions of an account, newest first.
   * @param after the last session of the page before
   * @returns with the id to ask for the next page with, null on the last one
   */
  async sessionsOf(user: UserState, after?: string): Promise<{ sessions: Session[]; next: string | null }> {
    await this.lastUses.write();
    const found = await this.userSessions.ofUser(user, PAGE + 1, after);
    const sessions = found.slice(0, PAGE);
    return { sessions, next: found.length > PAGE ? (sessions.at(-1)?.id ?? null) : null };
  }

  /** @throws FailureError `session_not_found` unless it is a living session of this account */
  async endSession(user: UserState, id: string, origin: Origin): Promise<void> {
    if (!(await this.userSessions.revokeOf(user, id, 'owner'))) throw new FailureError({ code: 'session_not_found' });
    this.ended(user, 'owner', origin, id);
  }

  /** Ends all sessions of the account, this one too. */
  async endAllSessions({ user }: SessionOfUser, origin: Origin): Promise<void> {
    await this.users.endAllSessions(user);
    this.ended(user, 'all', origin);
  }

  /**
   * Ends all sessions of the account but this one.
   * @throws FailureError `token_not_valid` when this one was ended by another
   */
  async endOtherSessions(session: SessionOfUser, origin: Origin): Promise<void> {
    let present = session;
    while (!(await this.users.endSessions(present.user, present.id))) present = await this.sessions.alive(present.id);
    this.ended(session.user, 'others', origin);
  }

  /**
   * Changes the password, and ends all sessions of the account but this one.
   * @throws FailureError `invalid_fields` for a wrong current or an unfit new password, `token_not_valid` when this session was ended by another
   * @throws FailureError `throttled` after too many wrong ones, `unavailable` when too many wait to be hashed
   */
  async changePassword(
    session: SessionOfUser,
    passwords: PasswordChange,
    origin: Origin,
    hungUp?: AbortSignal,
  ): Promise<void> {
    await this.hasher.admit(hungUp);
    await this.checkPasswords(session.user, passwords, origin, hungUp);
    const passwordHash = await this.hasher.hash(passwords.next, hungUp);
    let present = session;
    while (!(await this.users.endSessions(present.user, present.id, passwordHash))) {
      // Its sessions were ended meanwhile, its password perhaps changed.
      present = await this.sessions.alive(present.id);
      await this.checkPasswords(present.user, passwords, origin, hungUp);
    }
    this.events.record(
      { event: 'password_change', outcome: 'success', userId: session.user.id, sessionId: session.id },
      origin,
    );
  }

  /** @throws FailureError `throttled` */
  private async judge(event: EventName, guess: Guess, origin: Origin): Promise<Verdict> {
    const verdict = await this.check.judge(guess);
    const { user, isRight, wait } = verdict;
    const userId = user?.id;
    if (wait > 0) {
      this.events.record({ event, outcome: 'throttled', userId }, origin);
      throw new FailureError({ code: 'throttled', retryAfter: wait });
    }
    if (!isRight) this.events.record({ event, outcome: 'failure', reason: reasonOf(user), userId }, origin);
    return verdict;
  }

  private ended({ id: userId }: UserState, reason: string, origin: Origin, sessionId?: string): void {
    this.events.record({ event: 'session_end', outcome: 'success', reason, userId, sessionId }, origin);
  }

  /** There will be another login to do it at, should it fail now. */
  private async upgradeHash(user: UserState, password: string): Promise<void> {
    try {
      await this.users.upgradePasswordHash(user, await this.hasher.hash(password));
    } catch (error) {
      this.logger.warn({ event: 'password_hash_not_upgraded', user: user.id, err: error });
    }
  }

  private async checkPasswords(
    user: UserState,
    { current, next }: PasswordChange,
    origin: Origin,
    hungUp: AbortSignal | undefined,
  ): Promise<void> {
    const guess = { loginName: user.username, password: current, address: origin.address, hungUp };
    const { isRight } = await this.judge('password_change', guess, origin);
    const names = { username: user.username, email: await this.users.emailOf(user) };
    const fields = {
      ...unlessEmpty('currentPassword', isRight ? [] : [{ code: 'wrong_password' }]),
      ...unlessEmpty('newPassword', this.policy.problems(next, names)),
    };
    if (Object.keys(fields).length > 0) throw new FailureError({ code: 'invalid_fields', fields });
  }
}

/** For operators; the client is not told. */
function reasonOf(user: UserState | null): string {
  if (user === null) return 'unknown_name';
  return user.disabledAt === null ? 'wrong_password' : 'account_disabled';
}
