import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import { Strategy } from 'passport-jwt';
import { SessionsService } from '../../sessions/sessions.service.js';
import type { SessionOfUser } from '../../users/session.entity.js';

type Request = Parameters<Strategy['authenticate']>[0];

/**
 * Authenticates an access token in the Authorization header only (RFC 6750 section 2.1). Skips the
 * verification of the library, which would check signatures again that `AccessTokens` remembers.
 */
@Injectable()
export class JwtStrategy extends PassportStrategy(Strategy) {
  constructor(private readonly sessions: SessionsService) {
    super({
      jwtFromRequest: bearerTokenOf,
      secretOrKeyProvider: (_request: Request, _token: unknown, done: (error: Error) => void) => {
        done(new Error('the library verifies no token here'));
      },
    });
  }

  override authenticate(request: Request): void {
    const token = bearerTokenOf(request);
    if (token === null) {
      this.fail(401);
      return;
    }
    this.validate(token).then(
      (session) => {
        this.success(session);
      },
      (error: unknown) => {
        this.error(error as Error);
      },
    );
  }

  validate(token: string): Promise<SessionOfUser> {
    return this.sessions.authenticate(token);
  }
}

/** Returns the token of `Authorization: Bearer TOKEN`, null for a header in any other form. */
function bearerTokenOf({ headers }: Request): string | null {
  return /^Bearer +([\w.~+/=-]+)$/i.exec(headers.authorization ?? '')?.[1] ?? null;
}
