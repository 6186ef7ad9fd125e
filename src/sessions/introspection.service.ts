import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type Config } from '../platform/config/config.js';
import { FailureError } from '../platform/errors/failure.error.js';
import type { SessionOfUser } from '../users/sessions.repository.js';
import { SessionsService } from './sessions.service.js';
import { AccessTokens } from './tokens/access-tokens.js';
import { RefreshTokens } from './tokens/refresh-tokens.js';

/** What is known of a living token; members as in RFC 7662 section 2.2. Times in seconds. */
export interface ActiveToken {
  readonly active: true;
  /** `Bearer` for an access token (RFC 6749 section 7.1); a refresh token opens nothing, and is not called so. */
  readonly token_type: 'Bearer' | 'refresh_token';
  readonly iss: string;
  readonly sub: string;
  readonly sid: string;
  readonly username: string;
  readonly iat: number;
  readonly exp: number;
}

/** Tells resource servers whether a token is alive now, logouts included. */
@Injectable()
export class IntrospectionService {
  constructor(
    private readonly sessions: SessionsService,
    private readonly accessTokens: AccessTokens,
    private readonly refreshTokens: RefreshTokens,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** Of a token of either kind; of any other it says no more than that it is not active. A replayed token is looked at, not acted on. */
  async introspect(token: string): Promise<ActiveToken | { active: false }> {
    return (
      (await this.ifValid(() => this.access(token))) ??
      (await this.ifValid(() => this.refresh(token))) ?? { active: false }
    );
  }

  private async access(token: string): Promise<ActiveToken> {
    const claims = await this.accessTokens.verify(token);
    return this.describe('Bearer', claims, await this.sessions.ofClaims(claims));
  }

  private async refresh(token: string): Promise<ActiveToken> {
    const claims = this.refreshTokens.verify(token);
    return this.describe('refresh_token', claims, await this.sessions.ofRefreshToken(token));
  }

  private describe(
    token_type: ActiveToken['token_type'],
    { iat, exp }: { iat: number; exp: number },
    session: SessionOfUser,
  ): ActiveToken {
    const { id: sid, userId: sub, user } = session;
    return { active: true, token_type, iss: this.config.ISSUER, sub, sid, username: user.username, iat, exp };
  }

  private async ifValid<Result>(work: () => Promise<Result>): Promise<Result | undefined> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof FailureError) return undefined;
      throw error;
    }
  }
}
