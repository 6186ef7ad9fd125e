import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type Config } from '../platform/config/config.js';
import type { SessionOfUser } from '../users/session.entity.js';
import { RefreshService } from './refresh.service.js';
import { SessionsService } from './sessions.service.js';
import { AccessTokens } from './tokens/access-tokens.js';
import { RefreshTokens } from './tokens/refresh-tokens.js';
import { isInvalidToken } from './tokens/signed-token.js';

/**
 * The description of an active token, with the members of RFC 7662 section 2.2. Times in seconds.
 */
export interface ActiveToken {
  readonly active: true;
  /**
   * `Bearer` for an access token (RFC 6749 section 7.1). A refresh token opens no resource, so it
   * has a type of its own.
   */
  readonly token_type: 'Bearer' | 'refresh_token';
  readonly iss: string;
  readonly sub: string;
  readonly sid: string;
  readonly username: string;
  readonly iat: number;
  readonly exp: number;
}

/** Tells resource servers whether a token is active now, also after a logout. */
@Injectable()
export class IntrospectionService {
  constructor(
    private readonly sessions: SessionsService,
    private readonly refreshes: RefreshService,
    private readonly accessTokens: AccessTokens,
    private readonly refreshTokens: RefreshTokens,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /**
   * Describes an active token of either kind. Tells of any other token only that it is not active.
   * A replayed refresh token does not end its session.
   */
  async introspect(token: string): Promise<ActiveToken | { active: false }> {
    return (
      (await ifValid(() => this.describeAccess(token))) ??
      (await ifValid(() => this.describeRefresh(token))) ?? { active: false }
    );
  }

  private async describeAccess(token: string): Promise<ActiveToken> {
    const claims = await this.accessTokens.verify(token);
    return this.describe('Bearer', claims, await this.sessions.requireLiveOf(claims));
  }

  private async describeRefresh(token: string): Promise<ActiveToken> {
    const claims = this.refreshTokens.verify(token);
    return this.describe('refresh_token', claims, await this.refreshes.inspect(token));
  }

  private describe(
    token_type: ActiveToken['token_type'],
    { iat, exp }: { iat: number; exp: number },
    session: SessionOfUser,
  ): ActiveToken {
    const { id: sid, userId: sub, user } = session;
    return { active: true, token_type, iss: this.config.ISSUER, sub, sid, username: user.username, iat, exp };
  }
}

/** Returns undefined for a token that is not valid. */
async function ifValid<Result>(describe: () => Promise<Result>): Promise<Result | undefined> {
  try {
    return await describe();
  } catch (error) {
    if (!isInvalidToken(error)) throw error;
    return undefined;
  }
}
