import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import { Strategy } from 'passport-jwt';
import type { SessionOfUser } from '../../users/sessions.repository.js';
import { SessionsService } from '../../sessions/sessions.service.js';
import { AccessTokens } from '../../sessions/tokens/access-tokens.js';
import type { SignedToken } from '../../sessions/tokens/signed-token.js';

/** What a strategy is asked about. */
type Request = Parameters<Strategy['authenticate']>[0];

/** An access token in the Authorization header (RFC 6750 section 2.1), and in no other place. */
@Injectable()
export class JwtStrategy extends PassportStrategy(Strategy) {
  constructor(
    private readonly accessTokens: AccessTokens,
    private readonly sessions: SessionsService,
  ) {
    super({
      passReqToCallback: true,
      jwtFromRequest: bearerTokenOf,
      // Marked deprecated for the options that have a place of their own; `complete` has none.
      // eslint-disable-next-line @typescript-eslint/no-deprecated
      jsonWebTokenOptions: AccessTokens.verification,
      algorithms: AccessTokens.verification.algorithms,
      ignoreExpiration: AccessTokens.verification.ignoreExpiration,
      secretOrKeyProvider: (_request, token: string, done) => {
        accessTokens.keyOf(token).then((key) => {
          done(null, key as never);
        }, done);
      },
    });
  }

  validate(request: Request, signed: SignedToken): Promise<SessionOfUser> {
    this.accessTokens.remember(bearerTokenOf(request) ?? '', signed);
    return this.sessions.ofClaims(this.accessTokens.claimsOf(signed));
  }

  /** Leaves it to the library to check a signature, unless it was checked before. */
  override authenticate(request: Request): void {
    this.recalled(request).then(
      (session) => {
        if (session) this.success(session);
        else super.authenticate(request);
      },
      (error: unknown) => {
        this.error(error as Error);
      },
    );
  }

  private async recalled(request: Request): Promise<SessionOfUser | undefined> {
    const signed = await this.accessTokens.recall(bearerTokenOf(request) ?? '');
    return signed && this.sessions.ofClaims(this.accessTokens.claimsOf(signed));
  }
}

/** The token of `Authorization: Bearer TOKEN`, and of nothing that has more or less to it, as the library's own extractor takes. */
function bearerTokenOf({ headers }: Request): string | null {
  return /^Bearer +([\w.~+/=-]+)$/i.exec(headers.authorization ?? '')?.[1] ?? null;
}
