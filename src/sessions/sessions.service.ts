import { setImmediate as nextTurn } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import { Clock } from '../platform/clock/clock.js';
import { timeOrderedIds } from '../platform/clock/time-ordered-ids.js';
import { CONFIG, type Config } from '../platform/config/config.js';
import { FailureError } from '../platform/errors/failure.error.js';
import type { Origin } from '../events/origin.js';
import { SecurityEventsService } from '../events/security-events.service.js';
import { LastUsesService } from './last-uses.service.js';
import { RotationsService } from './rotations.service.js';
import type { Session, SessionState } from '../users/session.entity.js';
import { SessionLimitService } from './session-limit.service.js';
import { type SessionOfUser, SessionsRepository } from '../users/sessions.repository.js';
import type { UserState } from '../users/user.entity.js';
import { endOf, expiredSince } from './session-end.js';
import { type AccessClaims, AccessTokens } from './tokens/access-tokens.js';
import { type RefreshClaims, RefreshTokens } from './tokens/refresh-tokens.js';

export interface TokenPair {
  readonly access: string;
  readonly refresh: string;
}

/**
 * What a refresh token is to its session: the current one; the one before, still inside the replay window;
 * an older one, which an honest client has no use for; or none that the session ever had.
 */
type Standing = 'current' | 'parent' | 'replayed' | 'unknown';

/** What a rotation starts from. */
type RotatedState = Pick<SessionState, 'id' | 'userId' | 'refreshCounter' | 'refreshHash' | 'endsAt'>;

/** The life of a session: opened by a login, carried on by refresh tokens, asked for by access tokens, ended by a logout. */
@Injectable()
export class SessionsService {
  private readonly newId = timeOrderedIds();

  constructor(
    private readonly sessions: SessionsRepository,
    private readonly rotations: RotationsService,
    private readonly lastUses: LastUsesService,
    private readonly sessionLimit: SessionLimitService,
    private readonly accessTokens: AccessTokens,
    private readonly refreshTokens: RefreshTokens,
    private readonly events: SecurityEventsService,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** Opens the session of a login. @param user as read when the password was checked, see {@link create} */
  async open(user: UserState, origin: Origin): Promise<{ sid: string; tokens: TokenPair }> {
    const opened = await this.create(user, origin);
    this.events.record({ event: 'login', outcome: 'success', userId: user.id, sessionId: opened.sid }, origin);
    const ended = await this.sessionLimit.noteLogin(user);
    if (ended > 0)
      this.events.record({ event: 'session_end', outcome: 'success', reason: 'limit', userId: user.id }, origin);
    return opened;
  }

  /** @param user its epoch makes sure that no session outlives a later change of the account */
  async create(
    user: Pick<UserState, 'id' | 'sessionEpoch'>,
    { userAgent, address }: Origin,
  ): Promise<{ sid: string; tokens: TokenPair }> {
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
      ...this.generation(0, endsAt),
    };
    const refresh = this.refreshTokens.sign(session);
    const writing = this.sessions.create({ ...session, refreshHash: this.refreshTokens.digest(refresh) });
    const [, access] = await Promise.all([writing, this.accessTokenDuring(writing, session)]);
    return { sid: session.id, tokens: { refresh, access } };
  }

  /**
   * Spends a refresh token and answers its successor. Inside the replay window the spent token gets the same successor
   * again, so that lost answers, double clicks and browser tabs converge; an older one ends the session (RFC 9700 section 4.14.2).
   * @throws FailureError `token_not_valid`
   */
  async rotate(refreshToken: string, origin: Origin): Promise<TokenPair> {
    const claims = this.refreshTokens.verify(refreshToken, { expired: true });
    const expected = this.stateBehind(claims, refreshToken);
    const successor = expected && (await this.succeed(expected, origin));
    return successor ?? this.rotateAsFound(claims, refreshToken, origin);
  }

  /**
   * A new access token for a refresh token, which is not spent.
   * @throws FailureError `token_not_valid`
   */
  async renewAccess(refreshToken: string, origin: Origin): Promise<string> {
    const claims = this.refreshTokens.verify(refreshToken, { expired: true });
    const session = await this.alive(claims.sid);
    await this.honoured(claims, refreshToken, session, origin);
    this.lastUses.note(session);
    this.refreshed(session, origin);
    return this.accessTokenOf(session);
  }

  /**
   * The living session behind an access token.
   * @throws FailureError `token_not_valid`
   */
  async ofAccessToken(accessToken: string): Promise<SessionOfUser> {
    return this.ofClaims(await this.accessTokens.verify(accessToken));
  }

  /** As {@link ofAccessToken}, for claims that were verified already. */
  async ofClaims({ sid, sub }: AccessClaims): Promise<SessionOfUser> {
    const session = await this.alive(sid);
    if (session.userId !== sub) throw new FailureError({ code: 'token_not_valid' });
    this.lastUses.note(session);
    return session;
  }

  /**
   * The living session behind a refresh token that is current or inside the replay window. Looks only: a replay ends nothing here.
   * @throws FailureError `token_not_valid`
   */
  async ofRefreshToken(refreshToken: string): Promise<SessionOfUser> {
    const claims = this.refreshTokens.verify(refreshToken, { expired: true });
    const session = await this.alive(claims.sid);
    const standing = this.standingOf(claims, refreshToken, session);
    if (standing !== 'current' && standing !== 'parent') throw new FailureError({ code: 'token_not_valid' });
    return session;
  }

  /**
   * Ends the session that both tokens belong to; expired and spent tokens of it will do, and so will a session that has ended.
   * @throws FailureError `token_not_valid` for tokens that we never issued, or of two sessions; nothing is ended then
   */
  async logout(accessToken: string, refreshToken: string, origin: Origin): Promise<void> {
    const access = await this.accessTokens.verify(accessToken, { expired: true });
    const refresh = this.refreshTokens.verify(refreshToken, { expired: true });
    if (access.sid !== refresh.sid) throw new FailureError({ code: 'token_not_valid' });
    // A client may log out with the same tokens at will.
    if (!(await this.sessions.revoke(access.sid, 'logout'))) return;
    const { sub: userId, sid: sessionId } = access;
    this.events.record({ event: 'logout', outcome: 'success', userId, sessionId }, origin);
  }

  /** Ends the session of a token that we signed, of either kind, expired or not; anything else ends nothing (RFC 7009 section 2.2). */
  async revokeByToken(token: string, origin: Origin): Promise<void> {
    const claims = await this.claimsOf(token);
    if (claims === undefined || !(await this.sessions.revoke(claims.sid, 'client'))) return;
    const { sub: userId, sid: sessionId } = claims;
    this.events.record({ event: 'session_end', outcome: 'success', reason: 'client', userId, sessionId }, origin);
  }

  /** Removes a session whose tokens were given to nobody. */
  discard(sid: string): Promise<void> {
    return this.sessions.remove(sid);
  }

  private async rotateAsFound(claims: RefreshClaims, refreshToken: string, origin: Origin): Promise<TokenPair> {
    for (;;) {
      const session = await this.alive(claims.sid);
      if ((await this.honoured(claims, refreshToken, session, origin)) === 'parent') {
        this.refreshed(session, origin);
        return { refresh: this.refreshTokens.again(session), access: await this.accessTokenOf(session) };
      }
      const successor = await this.succeed(session, origin);
      if (successor) return successor;
      // Another refresh or a logout came first. Looking again ends: either as its parent, or with a session that has ended.
    }
  }

  /**
   * The state of a session whose current refresh token this is, as nearly every one that is spent. The statement that rotates
   * finds out whether it is so, which saves a round trip; it does nothing where a successor would outlive the session, as where
   * this one would have.
   */
  private stateBehind({ sid, sub, counter, iat, exp }: RefreshClaims, refreshToken: string): RotatedState | undefined {
    if (sub === undefined || this.clock.now() >= exp * 1000) return undefined;
    if (exp - iat < this.config.REFRESH_TOKEN_TTL) return undefined;
    const refreshHash = this.refreshTokens.digest(refreshToken);
    return { id: sid, userId: sub, refreshCounter: counter, refreshHash, endsAt: Number.POSITIVE_INFINITY };
  }

  private async succeed(session: RotatedState, origin: Origin): Promise<TokenPair | undefined> {
    const { id, userId } = session;
    const generation = this.generation(session.refreshCounter + 1, session.endsAt);
    const refresh = this.refreshTokens.sign({ id, userId, ...generation });
    const refreshHash = this.refreshTokens.digest(refresh);
    const writing = this.rotations.rotate({ ...session, next: { ...generation, refreshHash } }).then((isRotated) => {
      if (isRotated) this.refreshed(session, origin);
      return isRotated;
    });
    const signing = this.accessTokenDuring(writing, { id, userId, expiresAt: generation.expiresAt });
    const [isRotated, access] = await Promise.all([writing, signing]);
    return isRotated ? { refresh, access } : undefined;
  }

  /** @throws FailureError unless the token is the current one or its parent; a replay ends the session */
  private async honoured(
    claims: RefreshClaims,
    refreshToken: string,
    session: SessionOfUser,
    origin: Origin,
  ): Promise<Standing> {
    const standing = this.standingOf(claims, refreshToken, session);
    if (standing === 'unknown') throw new FailureError({ code: 'token_not_valid' });
    if (standing !== 'replayed') return standing;
    const { id, userId } = session;
    const ended = await this.sessions.revoke(id, 'replay');
    if (ended) this.events.record({ event: 'replay', outcome: 'failure', userId, sessionId: id }, origin);
    throw new FailureError({ code: 'token_not_valid', reason: 'rotated' });
  }

  private refreshed({ id, userId }: Pick<Session, 'id' | 'userId'>, origin: Origin): void {
    this.events.record({ event: 'refresh', outcome: 'success', userId, sessionId: id }, origin);
  }

  /**
   * Its own expiry is a matter of the current token alone: a parent is asked for an answer that was lost just before,
   * and a replay is one however late it comes.
   */
  private standingOf({ sub, counter, exp }: RefreshClaims, refreshToken: string, session: SessionState): Standing {
    const { userId, refreshCounter, refreshHash, refreshedAt } = session;
    if (counter > refreshCounter || (sub ?? userId) !== userId) return 'unknown';
    const now = this.clock.now();
    if (counter === refreshCounter) {
      if (now >= exp * 1000) throw new FailureError({ code: 'token_not_valid', reason: expiredSince(exp * 1000, now) });
      return refreshHash === this.refreshTokens.digest(refreshToken) ? 'current' : 'unknown';
    }
    const age = now - refreshedAt;
    return counter === refreshCounter - 1 && age < this.config.REFRESH_REPLAY_WINDOW * 1000 ? 'parent' : 'replayed';
  }

  /**
   * A session and its account, if it is alive.
   * @throws FailureError `token_not_valid`
   */
  async alive(sid: string): Promise<SessionOfUser> {
    const session = await this.sessions.find(sid);
    const reason = endOf(session, this.clock.now());
    if (session === null || reason !== undefined)
      throw new FailureError({ code: 'token_not_valid', ...(reason && { reason }) });
    return session;
  }

  private async claimsOf(token: string): Promise<Pick<RefreshClaims, 'sid' | 'sub'> | undefined> {
    for (const tokens of [this.refreshTokens, this.accessTokens]) {
      try {
        return await tokens.verify(token, { expired: true });
      } catch (error) {
        if (!(error instanceof FailureError)) throw error;
      }
    }
    return undefined;
  }

  /** The n-th refresh token's part of a session that starts now: its life slides on, within the absolute end. */
  private generation(counter: number, endsAt: number) {
    const now = this.clock.now();
    return {
      refreshCounter: counter,
      refreshedAt: now,
      expiresAt: Math.min(now + this.config.REFRESH_TOKEN_TTL * 1000, endsAt),
    };
  }

  /**
   * Signed while the database writes the session, which takes about as long; so not before its statement was sent, at the end of
   * this turn. Nothing is signed for what was refused at once.
   */
  private async accessTokenDuring(
    writing: Promise<unknown>,
    session: Pick<Session, 'id' | 'userId' | 'expiresAt'>,
  ): Promise<string> {
    await Promise.race([writing, nextTurn()]);
    return this.accessTokenOf(session);
  }

  private accessTokenOf(session: Pick<Session, 'id' | 'userId' | 'expiresAt'>): Promise<string> {
    return this.accessTokens.sign({ sub: session.userId, sid: session.id }, session.expiresAt);
  }
}
