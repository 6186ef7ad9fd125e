import { Injectable } from '@nestjs/common';
import { Clock } from '../platform/clock/clock.js';
import { timeOrderedIds } from '../platform/clock/time-ordered-ids.js';
import { FailureError } from '../platform/errors/failure.error.js';
import type { Origin } from '../events/origin.js';
import { SecurityEventsService } from '../events/security-events.service.js';
import { KnownSourcesService } from '../limits/known-sources.service.js';
import { LimitsService } from '../limits/limits.service.js';
import { RefusalPause } from '../limits/refusal-pause.js';
import { sourceOf } from '../limits/source.js';
import { type Names, nameProblems, normalizeNames, type TypedNames } from '../users/account-names.js';
import { type NewUser, UsersRepository } from '../users/users.repository.js';
import { SessionsService, type TokenPair } from '../sessions/sessions.service.js';
import { unlessEmpty } from '../platform/errors/field-problems.js';
import { PasswordHasher } from '../passwords/password-hasher.js';
import { PasswordPolicy } from '../passwords/password-policy.js';

/** What a person enters to get an account, each field as typed. */
export interface Registration extends TypedNames {
  readonly password: string;
}

/** Makes accounts. */
@Injectable()
export class RegistrationService {
  private readonly newId = timeOrderedIds();

  constructor(
    private readonly users: UsersRepository,
    private readonly sessions: SessionsService,
    private readonly hasher: PasswordHasher,
    private readonly policy: PasswordPolicy,
    private readonly limits: LimitsService,
    private readonly knownSources: KnownSourcesService,
    private readonly pause: RefusalPause,
    private readonly events: SecurityEventsService,
    private readonly clock: Clock,
  ) {}

  /**
   * Makes an account and opens its first session.
   * @param disconnected aborted when the client disconnects
   * @throws FailureError `invalid_fields` with every field that is against the rules, `user_exists`
   * when the username or the email is taken
   * @throws FailureError `throttled` after too many sign-ups from this source, `unavailable` when
   * too many passwords wait to be hashed
   */
  async register(registration: Registration, origin: Origin, disconnected?: AbortSignal): Promise<TokenPair> {
    const names = normalizeNames(registration);
    this.requireSound(names, registration.password);
    await this.hasher.admit(disconnected);
    await this.countSignup(origin, disconnected);
    try {
      // Saves a hash for most taken names. Between concurrent sign-ups, the unique keys decide.
      if (await this.users.isTaken(names)) throw new FailureError({ code: 'user_exists' });
      const hashing = this.hasher.hash(registration.password, disconnected);
      return await this.createWithSession({ ...names, id: this.newId(this.clock.now()) }, hashing, origin);
    } catch (error) {
      if (error instanceof FailureError && error.failure.code === 'user_exists')
        this.events.record({ event: 'signup', outcome: 'failure', reason: 'user_exists' }, origin);
      throw error;
    }
  }

  /** @throws FailureError `invalid_fields` */
  private requireSound(names: Names, password: string): void {
    const fields = {
      ...nameProblems(names),
      ...unlessEmpty('password', this.policy.problems(password, names)),
    };
    if (Object.keys(fields).length > 0) throw new FailureError({ code: 'invalid_fields', fields });
  }

  /** @throws FailureError `throttled` */
  private async countSignup(origin: Origin, disconnected: AbortSignal | undefined): Promise<void> {
    const wait = await this.limits.countSignup(sourceOf(origin.address));
    if (wait === 0) return;
    await this.pause.wait(disconnected);
    this.events.record({ event: 'signup', outcome: 'throttled' }, origin);
    throw new FailureError({ code: 'throttled', retryAfter: wait });
  }

  /**
   * Inserts the session while the password is hashed, and the account last. So the insert of the
   * account alone decides, and no transaction spans two round trips. A session without an account
   * is dead. An account without a session would cost its owner the name, since the sign-up fails.
   */
  private async createWithSession(
    user: Omit<NewUser, 'passwordHash'>,
    hashing: Promise<string>,
    origin: Origin,
  ): Promise<TokenPair> {
    const [hashed, opened, source] = await Promise.allSettled([
      hashing,
      this.sessions.create({ id: user.id, sessionEpoch: 0 }, origin),
      this.knownSources.add(user.id, sourceOf(origin.address)),
    ]);
    try {
      if (hashed.status === 'rejected') throw hashed.reason;
      if (opened.status === 'rejected') throw opened.reason;
      if (source.status === 'rejected') throw source.reason;
      await this.users.create({ ...user, passwordHash: hashed.value });
      const { sid, tokens } = opened.value;
      this.events.record({ event: 'signup', outcome: 'success', userId: user.id, sessionId: sid }, origin);
      return tokens;
    } catch (error) {
      // A session that cannot be removed here is purged once it has expired.
      if (error instanceof FailureError && opened.status === 'fulfilled')
        await this.sessions.discard(opened.value.sid).catch(() => undefined);
      throw error;
    }
  }
}
