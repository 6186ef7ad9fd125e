import { KeyObject } from 'node:crypto';
import { Inject, Injectable, ServiceUnavailableException, UnauthorizedException } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import { createRemoteJWKSet, decodeProtectedHeader, errors } from 'jose';
import { ExtractJwt, Strategy } from 'passport-jwt';

/** Injection token of the {@link LatchkeyOptions}. */
export const LATCHKEY_OPTIONS = Symbol('LatchkeyOptions');

export interface LatchkeyOptions {
  /** The exact `iss` to require. */
  readonly issuer: string;
  readonly jwksUri: string;
}

/** The caller of a route. */
export interface Caller {
  readonly sub: string;
}

/**
 * How long the key set may be cached, as the service says. A retired key verifies tokens for that
 * long at most.
 */
const KEYS_MAX_AGE_MS = 300_000;

/** Verifies access tokens with the published keys. */
@Injectable()
export class LatchkeyStrategy extends PassportStrategy(Strategy, 'latchkey') {
  constructor(@Inject(LATCHKEY_OPTIONS) { issuer, jwksUri }: LatchkeyOptions) {
    const keyOf = keysOf(jwksUri);
    super({
      jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
      algorithms: ['ES256'],
      issuer,
      secretOrKeyProvider: (_request, token: string, done) => {
        keyOf(token).then((key) => {
          // jsonwebtoken accepts a KeyObject, which the types of passport-jwt do not include.
          done(null, key as never);
        }, done);
      },
    });
  }

  /**
   * Returns the caller.
   * @param claims of a token with a valid signature, issuer and time
   */
  validate({ sub, exp, token_type }: Record<string, unknown>): Caller {
    if (typeof sub !== 'string' || exp === undefined || token_type !== 'access') throw new UnauthorizedException();
    return { sub };
  }
}

/**
 * Finds the key that a token names. jose caches the key set, and fetches it again for an unknown
 * key id.
 */
function keysOf(jwksUri: string): (token: string) => Promise<KeyObject> {
  const keys = createRemoteJWKSet(new URL(jwksUri), { cacheMaxAge: KEYS_MAX_AGE_MS });
  return async (token) => {
    const { alg, kid, typ } = decodeProtectedHeader(token);
    // passport-jwt passes only the claims to `validate`, so the header is checked here.
    if (alg !== 'ES256' || typ !== 'at+jwt' || kid === undefined) throw new UnauthorizedException();
    try {
      return KeyObject.from(await keys({ alg, kid }));
    } catch (error) {
      if (error instanceof errors.JWKSNoMatchingKey) throw new UnauthorizedException();
      // A 401 would make clients discard tokens that may be valid.
      throw new ServiceUnavailableException('tokens cannot be verified now', { cause: error });
    }
  };
}
