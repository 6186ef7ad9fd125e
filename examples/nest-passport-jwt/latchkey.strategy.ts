import { KeyObject } from 'node:crypto';
import { Inject, Injectable, ServiceUnavailableException, UnauthorizedException } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import { createRemoteJWKSet, decodeProtectedHeader, errors } from 'jose';
import { ExtractJwt, Strategy } from 'passport-jwt';

/** Injection token of the {@link LatchkeyOptions}. */
export const LATCHKEY_OPTIONS = Symbol('LatchkeyOptions');

export interface LatchkeyOptions {
  /** The `iss` to insist on, to the letter. */
  readonly issuer: string;
  readonly jwksUri: string;
}

/** What a route learns of the caller. */
export interface Caller {
  readonly sub: string;
}

/** As long as the service lets the key set be cached: a key that was taken out of use verifies no longer than that. */
const KEYS_MAX_AGE_MS = 300_000;

/** Verifies access tokens by the published keys. */
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
          // jsonwebtoken takes a KeyObject, which passport-jwt's types do not know.
          done(null, key as never);
        }, done);
      },
    });
  }

  /** @param claims of a token whose signature, issuer and times were found right */
  validate({ sub, exp, token_type }: Record<string, unknown>): Caller {
    if (typeof sub !== 'string' || exp === undefined || token_type !== 'access') throw new UnauthorizedException();
    return { sub };
  }
}

/** Finds the key that a token names. jose keeps the key set, and asks again for a key id that it does not know. */
function keysOf(jwksUri: string): (token: string) => Promise<KeyObject> {
  const keys = createRemoteJWKSet(new URL(jwksUri), { cacheMaxAge: KEYS_MAX_AGE_MS });
  return async (token) => {
    const { alg, kid, typ } = decodeProtectedHeader(token);
    // passport-jwt shows `validate` the claims alone, so the header is checked here.
    if (alg !== 'ES256' || typ !== 'at+jwt' || kid === undefined) throw new UnauthorizedException();
    try {
      return KeyObject.from(await keys({ alg, kid }));
    } catch (error) {
      if (error instanceof errors.JWKSNoMatchingKey) throw new UnauthorizedException();
      // A 401 would make clients throw away tokens that may be good.
      throw new ServiceUnavailableException('tokens cannot be verified now', { cause: error });
    }
  };
}
