import { Inject, Injectable } from '@nestjs/common';
import { v7 as uuid } from 'uuid';
import { Clock } from '../clock/clock.js';
import { CONFIG, type Config } from '../config/config.js';
import { AuthError } from '../errors/failure.error.js';
import type { Session } from '../users/session.entity.js';
import { type Device, type SessionOfUser, SessionsService } from '../users/sessions.service.js';
import type { User } from '../users/user.entity.js';
import { type AccessClaims, AccessTokens } from './tokens/access-tokens.js';
import { RefreshTokens } from './tokens/refresh-tokens.js';

export interface TokenPair {
  readonly access: string;
  readonly refresh: string;
}

/** The life of a session: opened by a login, carried on by refresh tokens, asked for by access tokens, ended by a logout. */
@Injectable()
export class AuthSessionsService {
  constructor(
    private readonly sessions: SessionsService,
    private readonly accessTokens: AccessTokens,
    private readonly refreshTokens: RefreshTokens,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** @param user as read when the password was checked: its epoch makes sure that no session outlives a later change of the account */
  async open(user: Pick<User, 'id' | 'sessionEpoch'>, device: Device): Promise<{ sid: string; tokens: TokenPair }> {
    const now = this.clock.now();
    const endsAt = now + this.config.SESSION_MAX_AGE * 1000;
    const session = {
      id: uuid(),
      userId: user.id,
      userEpoch: user.sessionEpoch,
      createdAt: now,
      endsAt,
      ...device,
      ...this.generation(0, endsAt),
    };
    const refresh = this.refreshTokens.sign(session);
    await this.sessions.create({ ...session, refreshHash: this.refreshTokens.digest(refresh) });
    return { sid: session.id, tokens: { refresh, access: this.accessTokenOf(session) } };
  }

  /**
   * Spends a refresh token and answers its successor.
   * @throws AuthError `token_not_valid`
   */
  async rotate(refreshToken: string): Promise<TokenPair> {
    const session = await this.currentSessionOf(refreshToken);
    const generation = this.generation(session.refreshCounter + 1, session.endsAt);
    const refresh = this.refreshTokens.sign({ id: session.id, ...generation });
    const rotated = await this.sessions.rotate(session, {
      ...generation,
      refreshHash: this.refreshTokens.digest(refresh),
    });
    if (!rotated) throw new AuthError({ code: 'token_not_valid' });
    return {
      refresh,
      access: this.accessTokenOf({ id: session.id, userId: session.userId, expiresAt: generation.expiresAt }),
    };
  }

  /**
   * A new access token for a refresh token, which is not spent.
   * @throws AuthError `token_not_valid`
   */
  async renewAccess(refreshToken: string): Promise<string> {
    return this.accessTokenOf(await this.currentSessionOf(refreshToken));
  }

  /**
   * The living session behind an access token.
   * @throws AuthError `token_not_valid`
   */
  async ofAccessToken(accessToken: string): Promise<SessionOfUser> {
    return this.ofClaims(this.accessTokens.verify(accessToken));
  }

  /** As {@link ofAccessToken}, for claims that were verified already. */
  async ofClaims({ sid, sub }: AccessClaims): Promise<SessionOfUser> {
    const session = await this.living(sid);
    if (session.userId !== sub) throw new AuthError({ code: 'token_not_valid' });
    return session;
  }

  /**
   * Ends the session that both tokens belong to; expired and spent tokens of it will do, and so will a session that has ended.
   * @throws AuthError `token_not_valid` for tokens that we never issued, or of two sessions; nothing is ended then
   */
  async logout(accessToken: string, refreshToken: string): Promise<void> {
    const access = this.accessTokens.verify(accessToken, { expired: true });
    const refresh = this.refreshTokens.verify(refreshToken, { expired: true });
    if (access.sid !== refresh.sid) throw new AuthError({ code: 'token_not_valid' });
    await this.sessions.revoke(access.sid, 'logout');
  }

  /** Removes a session whose tokens were given to nobody. */
  discard(sid: string): Promise<void> {
    return this.sessions.remove(sid);
  }

  private async currentSessionOf(refreshToken: string): Promise<SessionOfUser> {
    const { sid } = this.refreshTokens.verify(refreshToken);
    const session = await this.living(sid);
    if (session.refreshHash !== this.refreshTokens.digest(refreshToken))
      throw new AuthError({ code: 'token_not_valid' });
    return session;
  }

  private async living(sid: string): Promise<SessionOfUser> {
    const session = await this.sessions.find(sid);
    if (!session || !this.sessions.isAlive(session)) throw new AuthError({ code: 'token_not_valid' });
    return session;
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

  private accessTokenOf(session: Pick<Session, 'id' | 'userId' | 'expiresAt'>): string {
    return this.accessTokens.sign({ sub: session.userId, sid: session.id }, session.expiresAt);
  }
}
