import { createHash, createSecretKey, type KeyObject } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { Clock } from '../../clock/clock.js';
import { CONFIG, type Config } from '../../config/config.js';
import { AuthError } from '../../errors/failure.error.js';
import { deriveKey } from '../../keys/derive-key.js';
import type { Session } from '../../users/session.entity.js';
import { isCanonical, readClaims, type SignedToken } from './signed-token.js';
import { verificationKey } from './verification-key.js';

/** What a refresh token says: its session, which of the session's refresh tokens it is, counted from 0, and its times in seconds. */
export interface RefreshClaims {
  readonly sid: string;
  readonly counter: number;
  readonly iat: number;
  readonly exp: number;
}

/** The state of a session that its refresh token is a function of. */
type RefreshState = Pick<Session, 'id' | 'refreshCounter' | 'refreshedAt' | 'expiresAt'>;

const TYP = 'rt+jwt';
const CLAIMS = { typ: TYP, tokenType: 'refresh', texts: ['sid'] } as const;

/** Refresh tokens: JWTs under a key and an algorithm of their own, so that none can be taken for an access token. */
@Injectable()
export class RefreshTokens {
  private readonly key: KeyObject;
  /** The present key, and the one of the previous secret while there is one. */
  private readonly keys: readonly KeyObject[];

  constructor(
    private readonly jwt: JwtService,
    private readonly clock: Clock,
    @Inject(CONFIG) { AUTH_SECRET, AUTH_SECRET_PREVIOUS }: Config,
  ) {
    this.key = keyOf(AUTH_SECRET);
    this.keys = [this.key, ...(AUTH_SECRET_PREVIOUS ? [keyOf(AUTH_SECRET_PREVIOUS)] : [])];
  }

  /** The session's current refresh token: the same text for the same state, so that it need not be stored to be given again. */
  sign(session: RefreshState): string {
    return this.signWith(this.key, session);
  }

  /** The session's current refresh token once more, byte for byte, although the secret may have changed since it was made. */
  again(session: RefreshState & Pick<Session, 'refreshHash'>): string {
    const candidates = this.keys.map((key) => this.signWith(key, session));
    const token = candidates.find((candidate) => this.digest(candidate) === session.refreshHash);
    if (token === undefined) throw new AuthError({ code: 'token_not_valid' });
    return token;
  }

  /**
   * @param options `expired`: an expired token will do
   * @throws AuthError `token_not_valid`
   */
  verify(token: string, options: { expired?: boolean } = {}): RefreshClaims {
    const { sid, counter, iat, exp } = readClaims(this.verifySignature(token), CLAIMS, this.clock.now(), options);
    if (!Number.isSafeInteger(counter)) throw new AuthError({ code: 'token_not_valid' });
    return { sid, counter: counter as number, iat, exp };
  }

  /** What the database keeps of a refresh token: SHA-256 in hexadecimal. A fast hash will do for 256 bits of key. */
  digest(token: string): string {
    return createHash('sha256').update(token).digest('hex');
  }

  private signWith(privateKey: KeyObject, session: RefreshState): string {
    const claims = {
      sid: session.id,
      counter: session.refreshCounter,
      iat: Math.floor(session.refreshedAt / 1000),
      exp: Math.floor(session.expiresAt / 1000),
      token_type: CLAIMS.tokenType,
    };
    return this.jwt.sign(claims, { privateKey, algorithm: 'HS256', header: { alg: 'HS256', typ: TYP } });
  }

  private verifySignature(token: string): SignedToken {
    if (!isCanonical(token)) throw new AuthError({ code: 'token_not_valid' });
    let cause: unknown;
    for (const key of this.keys) {
      try {
        return this.jwt.verify<SignedToken & object>(token, {
          publicKey: verificationKey(key),
          algorithms: ['HS256'],
          complete: true,
          ignoreExpiration: true,
          ignoreNotBefore: true,
        });
      } catch (error) {
        cause = error;
      }
    }
    throw new AuthError({ code: 'token_not_valid' }, { cause });
  }
}

function keyOf(secret: string): KeyObject {
  return createSecretKey(deriveKey(secret, 'refresh-token'));
}
