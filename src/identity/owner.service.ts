import { Injectable } from '@nestjs/common';
import type { ReasonOf } from '../events/catalogue.js';
import type { Origin } from '../events/origin.js';
import { SecurityEventsService } from '../events/security-events.service.js';
import { PasswordHasher } from '../passwords/password-hasher.js';
import { PasswordPolicy } from '../passwords/password-policy.js';
import { FailureError } from '../platform/errors/failure.error.js';
import { unlessEmpty } from '../platform/errors/field-problems.js';
import { LastUsesService } from '../sessions/last-uses.service.js';
import { SessionsService } from '../sessions/sessions.service.js';
import type { Session, SessionOfUser } from '../users/session.entity.js';
import { SessionsRepository } from '../users/sessions.repository.js';
import type { UserState } from '../users/user.entity.js';
import { UsersRepository } from '../users/users.repository.js';
import { PasswordGuesses } from './password-guesses.js';

/** The passwords of a change, as typed. */
export interface PasswordChange {
  readonly current: string;
  readonly next: string;
}

/** How many sessions a page has. */
const PAGE = 100;

/** What owners do to their accounts: list and end sessions, change the password. */
@Injectable()
export class OwnerService {
  constructor(
    private readonly users: UsersRepository,
    private readonly sessions: SessionsService,
    private readonly sessionRows: SessionsRepository,
    private readonly lastUses: LastUsesService,
    private readonly hasher: PasswordHasher,
    private readonly policy: PasswordPolicy,
    private readonly guesses: PasswordGuesses,
    private readonly events: SecurityEventsService,
  ) {}

  /**
   * Returns a page of the live sessions of an account, newest first.
   * @param after the id of the last session of the page before
   * @returns `next`: the id to ask for the next page with, null on the last page
   */
  async listSessions(user: UserState, after?: string): Promise<{ sessions: Session[]; next: string | null }> {
    await this.lastUses.write();
    const found = await this.sessionRows.findOfUser(user, PAGE + 1, after);
    const sessions = found.slice(0, PAGE);
    return { sessions, next: found.length > PAGE ? (sessions.at(-1)?.id ?? null) : null };
  }

  /**
   * Ends one session of the account.
   * @throws FailureError `session_not_found` unless it is a live session of this account
   */
  async endSession(user: UserState, id: string, origin: Origin): Promise<void> {
    if (!(await this.sessionRows.revokeOf(user, id, 'owner'))) throw new FailureError({ code: 'session_not_found' });
    this.recordEnd(user, 'owner', origin, id);
  }

  /** Ends all sessions of the account, including this one. */
  async endAllSessions({ user }: SessionOfUser, origin: Origin): Promise<void> {
    await this.users.endAllSessions(user);
    this.recordEnd(user, 'all', origin);
  }

  /**
   * Ends all sessions of the account but this one.
   * @throws FailureError `token_not_valid` when another session ended this one meanwhile
   */
  async endOtherSessions(session: SessionOfUser, origin: Origin): Promise<void> {
    let present = session;
    while (!(await this.users.endOtherSessions(present.user, present.id)))
      present = await this.sessions.requireLive(present.id);
    this.recordEnd(session.user, 'others', origin);
  }

  /**
   * Changes the password, and ends all sessions of the account but this one.
   * @param disconnected aborted when the client disconnects
   * @throws FailureError `invalid_fields` for a wrong current or an unfit new password,
   * `token_not_valid` when another session ended this one meanwhile
   * @throws FailureError `throttled` after too many wrong guesses, `unavailable` when too many
   * passwords wait to be hashed
   */
  async changePassword(
    session: SessionOfUser,
    passwords: PasswordChange,
    origin: Origin,
    disconnected?: AbortSignal,
  ): Promise<void> {
    await this.hasher.admit(disconnected);
    await this.checkPasswords(session.user, passwords, origin, disconnected);
    const passwordHash = await this.hasher.hash(passwords.next, disconnected);
    let present = session;
    while (!(await this.users.endOtherSessions(present.user, present.id, passwordHash))) {
      // The account's sessions were ended meanwhile; its password may have been changed too.
      present = await this.sessions.requireLive(present.id);
      await this.checkPasswords(present.user, passwords, origin, disconnected);
    }
    this.events.record(
      { event: 'password_change', outcome: 'success', userId: session.user.id, sessionId: session.id },
      origin,
    );
  }

  /** @throws FailureError `invalid_fields` */
  private async checkPasswords(
    user: UserState,
    { current, next }: PasswordChange,
    origin: Origin,
    disconnected: AbortSignal | undefined,
  ): Promise<void> {
    const guess = { loginName: user.username, password: current, disconnected };
    const { isRight } = await this.guesses.judge('password_change', guess, origin);
    const names = { username: user.username, email: await this.users.emailOf(user) };
    const fields = {
      ...unlessEmpty('currentPassword', isRight ? [] : [{ code: 'wrong_password' }]),
      ...unlessEmpty('newPassword', this.policy.problems(next, names)),
    };
    if (Object.keys(fields).length > 0) throw new FailureError({ code: 'invalid_fields', fields });
  }

  private recordEnd(
    { id: userId }: UserState,
    reason: ReasonOf<'session_end', 'success'>,
    origin: Origin,
    sessionId?: string,
  ): void {
    this.events.record({ event: 'session_end', outcome: 'success', reason, userId, sessionId }, origin);
  }
}
