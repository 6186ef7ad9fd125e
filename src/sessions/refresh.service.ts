import { Inject, Injectable } from '@nestjs/common';
import type { Origin } from '../events/origin.js';
import { SecurityEventsService } from '../events/security-events.service.js';
import { Clock } from '../platform/clock/clock.js';
import { CONFIG, type Config } from '../platform/config/config.js';
import { FailureError } from '../platform/errors/failure.error.js';
import { expiredSince } from '../platform/errors/token-problem.js';
import type { Session, SessionOfUser } from '../users/session.entity.js';
import { SessionsRepository } from '../users/sessions.repository.js';
import { generationOf } from './generation.js';
import { LastUsesService } from './last-uses.service.js';
import { RotationsService } from './rotations.service.js';
import { SessionsService, type TokenPair } from './sessions.service.js';
import { type RefreshToken, type Standing, standingOf } from './standing.js';
import { AccessTokens } from './tokens/access-tokens.js';
import { type RefreshClaims, RefreshTokens } from './tokens/refresh-tokens.js';

interface VerifiedToken extends RefreshToken {
  readonly claims: RefreshClaims;
}

/** What a successor is made from. */
type Rotatable = Pick<Session, 'id' | 'userId' | 'refreshCounter' | 'refreshHash' | 'endsAt'>;

/** Answers refresh tokens, and ends the sessions of replayed ones. */
@Injectable()
export class RefreshService {
  private readonly windowMs: number;

  constructor(
    private readonly sessions: SessionsService,
    private readonly sessionRows: SessionsRepository,
    private readonly rotations: RotationsService,
    private readonly lastUses: LastUsesService,
    private readonly accessTokens: AccessTokens,
    private readonly refreshTokens: RefreshTokens,
    private readonly events: SecurityEventsService,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: Config,
  ) {
    this.windowMs = config.REFRESH_REPLAY_WINDOW * 1000;
  }

  /**
   * Uses a refresh token, and returns its successor. Inside the replay window the used token gets
   * the same successor again, so that lost answers, double clicks and browser tabs converge. An
   * older token ends its session (RFC 9700 section 4.14.2).
   * @throws FailureError `token_not_valid`
   */
  async rotate(refreshToken: string, origin: Origin): Promise<TokenPair> {
    const token = this.verify(refreshToken);
    // Nearly every token is the current one. The UPDATE verifies it, which saves reading the
    // session first.
    const assumed = this.assumeCurrent(token);
    const rotated = assumed && (await this.issueSuccessor(assumed, origin));
    if (rotated) return rotated;
    for (;;) {
      const session = await this.sessions.requireLive(token.claims.sid);
      switch (this.standingOf(token, session)) {
        case 'current': {
          const successor = await this.issueSuccessor(session, origin);
          if (successor) return successor;
          // Another refresh or a logout came first. The next round finds the previous token or a
          // dead session.
          break;
        }
        case 'previous':
          return this.reissue(session, origin);
        case 'replayed':
          await this.revokeForReplay(session, origin);
          throw new FailureError({ code: 'token_not_valid', reason: { code: 'rotated' } });
        case 'expired':
          throw this.expiredError(token);
        case 'unknown':
          throw new FailureError({ code: 'token_not_valid' });
      }
    }
  }

  /**
   * Returns a new access token for a refresh token, and leaves the refresh token as it is. A
   * replayed token ends its session, as in {@link rotate}.
   * @throws FailureError `token_not_valid`
   */
  async renewAccess(refreshToken: string, origin: Origin): Promise<string> {
    const token = this.verify(refreshToken);
    const session = await this.sessions.requireLive(token.claims.sid);
    switch (this.standingOf(token, session)) {
      case 'current':
      case 'previous':
        this.lastUses.note(session);
        this.recordRefresh(session, origin);
        return this.accessTokens.sign(session);
      case 'replayed':
        await this.revokeForReplay(session, origin);
        throw new FailureError({ code: 'token_not_valid', reason: { code: 'rotated' } });
      case 'expired':
        throw this.expiredError(token);
      case 'unknown':
        throw new FailureError({ code: 'token_not_valid' });
    }
  }

  /**
   * Returns the live session of a refresh token that is current or previous. Reads only: a replay
   * ends nothing.
   * @throws FailureError `token_not_valid`
   */
  async inspect(refreshToken: string): Promise<SessionOfUser> {
    const token = this.verify(refreshToken);
    const session = await this.sessions.requireLive(token.claims.sid);
    const standing = this.standingOf(token, session);
    if (standing === 'current' || standing === 'previous') return session;
    throw new FailureError({ code: 'token_not_valid' });
  }

  private verify(refreshToken: string): VerifiedToken {
    const claims = this.refreshTokens.verify(refreshToken, { expired: true });
    return { claims, digest: this.refreshTokens.digest(refreshToken) };
  }

  private standingOf(token: VerifiedToken, session: SessionOfUser): Standing {
    return standingOf(token, session, this.windowMs, this.clock.now());
  }

  /**
   * Returns the state of the session whose current token this is, read from the token alone.
   * Returns undefined for a token that names no account, has expired, or whose session may end
   * before a usual successor would expire.
   */
  private assumeCurrent({ claims: { sid, sub, counter, iat, exp }, digest }: VerifiedToken): Rotatable | undefined {
    if (sub === undefined || this.clock.now() >= exp * 1000) return undefined;
    if (exp - iat < this.config.REFRESH_TOKEN_TTL) return undefined;
    // The UPDATE refuses a successor that would outlive the session.
    const endsAt = Number.POSITIVE_INFINITY;
    return { id: sid, userId: sub, refreshCounter: counter, refreshHash: digest, endsAt };
  }

  /**
   * Rotates to the next refresh token.
   * @returns undefined when the session's current token is another one by now
   */
  private async issueSuccessor(session: Rotatable, origin: Origin): Promise<TokenPair | undefined> {
    const { id, userId } = session;
    const next = generationOf(session.refreshCounter + 1, session.endsAt, this.clock.now(), this.config);
    const refresh = this.refreshTokens.sign({ id, userId, ...next });
    const refreshHash = this.refreshTokens.digest(refresh);
    const writing = this.rotations.rotate({ ...session, next: { ...next, refreshHash } }).then((isRotated) => {
      if (isRotated) this.recordRefresh(session, origin);
      return isRotated;
    });
    const signing = this.accessTokens.signDuring(writing, { id, userId, expiresAt: next.expiresAt });
    const [isRotated, access] = await Promise.all([writing, signing]);
    return isRotated ? { refresh, access } : undefined;
  }

  /**
   * Returns the session's current refresh token once more, byte for byte, with a new access token.
   */
  private async reissue(session: SessionOfUser, origin: Origin): Promise<TokenPair> {
    this.recordRefresh(session, origin);
    return { refresh: this.refreshTokens.signAgain(session), access: await this.accessTokens.sign(session) };
  }

  /** Ends the session of a replayed refresh token. Records the event only once. */
  private async revokeForReplay({ id, userId }: SessionOfUser, origin: Origin): Promise<void> {
    if (!(await this.sessionRows.revoke(id, 'replay'))) return;
    this.events.record({ event: 'replay', outcome: 'failure', userId, sessionId: id }, origin);
  }

  private recordRefresh({ id, userId }: Pick<Session, 'id' | 'userId'>, origin: Origin): void {
    this.events.record({ event: 'refresh', outcome: 'success', userId, sessionId: id }, origin);
  }

  private expiredError({ claims: { exp } }: VerifiedToken): FailureError {
    return new FailureError({ code: 'token_not_valid', reason: expiredSince(exp * 1000, this.clock.now()) });
  }
}
