import { Inject, Injectable } from '@nestjs/common';
import type { Origin } from '../events/origin.js';
import { SecurityEventsService } from '../events/security-events.service.js';
import { Clock } from '../platform/clock/clock.js';
import { timeOrderedIds } from '../platform/clock/time-ordered-ids.js';
import { CONFIG, type Config } from '../platform/config/config.js';
import { FailureError } from '../platform/errors/failure.error.js';
import { endOf } from '../users/liveness.js';
import type { SessionOfUser } from '../users/session.entity.js';
import { SessionsRepository } from '../users/sessions.repository.js';
import type { UserState } from '../users/user.entity.js';
import { generationOf } from './generation.js';
import { LastUsesService } from './last-uses.service.js';
import { SessionLimitService } from './session-limit.service.js';
import { type AccessClaims, AccessTokens } from './tokens/access-tokens.js';
import { type RefreshClaims, RefreshTokens } from './tokens/refresh-tokens.js';
import { isInvalidToken } from './tokens/signed-token.js';

/** The tokens of a session, as a login or a refresh returns them. */
export interface TokenPair {
  readonly access: string;
  readonly refresh: string;
}

/** A session that was opened, with its first tokens. */
export interface OpenedSession {
  readonly sid: string;
  readonly tokens: TokenPair;
}

/** Opens, finds and ends sessions. */
@Injectable()
export class SessionsService {
  private readonly newId = timeOrderedIds();

  constructor(
    private readonly sessionRows: SessionsRepository,
    private readonly lastUses: LastUsesService,
    private readonly sessionLimit: SessionLimitService,
    private readonly accessTokens: AccessTokens,
    private readonly refreshTokens: RefreshTokens,
    private readonly events: SecurityEventsService,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /**
   * Opens the session of a login. May end the account's oldest sessions, see `MAX_SESSIONS`.
   * @param user as read when the password was checked, see {@link create}
   */
  async open(user: UserState, origin: Origin): Promise<OpenedSession> {
    const opened = await this.create(user, origin);
    this.events.record({ event: 'login', outcome: 'success', userId: user.id, sessionId: opened.sid }, origin);
    const ended = await this.sessionLimit.noteLogin(user);
    if (ended > 0)
      this.events.record({ event: 'session_end', outcome: 'success', reason: 'limit', userId: user.id }, origin);
    return opened;
  }

  /**
   * Inserts a session and signs its first tokens.
   * @param user its epoch ensures that a later change of the account ends the session
   */
  async create(user: Pick<UserState, 'id' | 'sessionEpoch'>, { userAgent, address }: Origin): Promise<OpenedSession> {
    const now = this.clock.now();
    const endsAt = now + this.config.SESSION_MAX_AGE * 1000;
    const session = {
      id: this.newId(now),
      userId: user.id,
      userEpoch: user.sessionEpoch,
      createdAt: now,
      endsAt,
      userAgent,
      address,
      ...generationOf(0, endsAt, now, this.config),
    };
    const refresh = this.refreshTokens.sign(session);
    const writing = this.sessionRows.create({ ...session, refreshHash: this.refreshTokens.digest(refresh) });
    const [, access] = await Promise.all([writing, this.accessTokens.signDuring(writing, session)]);
    return { sid: session.id, tokens: { refresh, access } };
  }

  /**
   * Returns a session and its account.
   * @throws FailureError `token_not_valid` unless the session is live
   */
  async requireLive(sid: string): Promise<SessionOfUser> {
    const session = await this.sessionRows.find(sid);
    const reason = endOf(session, this.clock.now());
    if (session === null || reason !== undefined)
      throw new FailureError({ code: 'token_not_valid', ...(reason && { reason }) });
    return session;
  }

  /**
   * Verifies an access token and returns its live session. Notes that the session was used.
   * @throws FailureError `token_not_valid`
   */
  async authenticate(accessToken: string): Promise<SessionOfUser> {
    return this.requireLiveOf(await this.accessTokens.verify(accessToken));
  }

  /**
   * Returns the live session of verified claims. Notes that the session was used.
   * @throws FailureError `token_not_valid`
   */
  async requireLiveOf({ sid, sub }: AccessClaims): Promise<SessionOfUser> {
    const session = await this.requireLive(sid);
    if (session.userId !== sub) throw new FailureError({ code: 'token_not_valid' });
    this.lastUses.note(session);
    return session;
  }

  /**
   * Ends the session that both tokens belong to. Accepts expired and rotated tokens, and a session
   * that has ended.
   * @throws FailureError `token_not_valid` for tokens that were never issued or are of two
   * sessions; then nothing is ended
   */
  async logout(accessToken: string, refreshToken: string, origin: Origin): Promise<void> {
    const access = await this.accessTokens.verify(accessToken, { expired: true });
    const refresh = this.refreshTokens.verify(refreshToken, { expired: true });
    if (access.sid !== refresh.sid) throw new FailureError({ code: 'token_not_valid' });
    // A client may log out with the same tokens again; only the first time is an event.
    if (!(await this.sessionRows.revoke(access.sid, 'logout'))) return;
    const { sub: userId, sid: sessionId } = access;
    this.events.record({ event: 'logout', outcome: 'success', userId, sessionId }, origin);
  }

  /**
   * Ends the session of a token of either kind, expired or not. A token that was never issued ends
   * nothing (RFC 7009 section 2.2).
   */
  async revokeByToken(token: string, origin: Origin): Promise<void> {
    const claims = await this.readClaims(token);
    if (claims === undefined || !(await this.sessionRows.revoke(claims.sid, 'client'))) return;
    const { sub: userId, sid: sessionId } = claims;
    this.events.record({ event: 'session_end', outcome: 'success', reason: 'client', userId, sessionId }, origin);
  }

  /** Removes a session whose tokens were never handed out. */
  discard(sid: string): Promise<void> {
    return this.sessionRows.remove(sid);
  }

  private async readClaims(token: string): Promise<Pick<RefreshClaims, 'sid' | 'sub'> | undefined> {
    for (const tokens of [this.refreshTokens, this.accessTokens]) {
      try {
        return await tokens.verify(token, { expired: true });
      } catch (error) {
        if (!isInvalidToken(error)) throw error;
      }
    }
    return undefined;
  }
}
