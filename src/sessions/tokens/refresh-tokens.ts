import { createHmac, createSecretKey, hash, type KeyObject, timingSafeEqual } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { Clock } from '../../platform/clock/clock.js';
import { CONFIG, type Config } from '../../platform/config/config.js';
import { FailureError } from '../../platform/errors/failure.error.js';
import { deriveKey } from '../../keys/derive-key.js';
import type { Session } from '../../users/session.entity.js';
import { compactJws, encoded } from './compact-jws.js';
import { parsedPart, readClaims, type SignedToken } from './signed-token.js';

/** What a refresh token says: its session and account (`sub`, which the first version left out), which of the session's refresh tokens it is, counted from 0, and its times in seconds. */
export interface RefreshClaims {
  readonly sid: string;
  readonly sub: string | undefined;
  readonly counter: number;
  readonly iat: number;
  readonly exp: number;
}

/** The state of a session that its refresh token is a function of. */
type RefreshState = Pick<Session, 'id' | 'userId' | 'refreshCounter' | 'refreshedAt' | 'expiresAt'>;

const TYP = 'rt+jwt';
const HEADER = { alg: 'HS256', typ: TYP };
const ENCODED_HEADER = encoded(HEADER);
const CLAIMS = { typ: TYP, tokenType: 'refresh', texts: ['sid'] } as const;

/** Refresh tokens: JWTs under a key and an algorithm of their own, so that none can be taken for an access token. */
@Injectable()
export class RefreshTokens {
  private readonly key: KeyObject;
  /** The present key, and the one of the previous secret while there is one. */
  private readonly keys: readonly KeyObject[];

  constructor(
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
    if (token === undefined) throw new FailureError({ code: 'token_not_valid' });
    return token;
  }

  /**
   * @param options `expired`: an expired token will do
   * @throws FailureError `token_not_valid`
   */
  verify(token: string, options: { expired?: boolean } = {}): RefreshClaims {
    const { sid, sub, counter, iat, exp } = readClaims(this.verifySignature(token), CLAIMS, this.clock.now(), options);
    if (!Number.isSafeInteger(counter)) throw new FailureError({ code: 'token_not_valid' });
    return { sid, sub: typeof sub === 'string' ? sub : undefined, counter: counter as number, iat, exp };
  }

  /** What the database keeps of a refresh token: SHA-256 in hexadecimal. A fast hash will do for 256 bits of key. */
  digest(token: string): string {
    return hash('sha256', token, 'hex');
  }

  private signWith(key: KeyObject, session: RefreshState): string {
    const claims = {
      sub: session.userId,
      sid: session.id,
      counter: session.refreshCounter,
      iat: Math.floor(session.refreshedAt / 1000),
      exp: Math.floor(session.expiresAt / 1000),
      token_type: CLAIMS.tokenType,
    };
    return compactJws(HEADER, claims, (text) => signatureOf(key, text));
  }

  /** Letter by letter as we write it: neither the header nor another spelling of the signature is the sender's to choose. */
  private verifySignature(token: string): SignedToken {
    const [header, payload, signature = '', ...more] = token.split('.');
    const text = `${header}.${payload}`;
    const genuine =
      header === ENCODED_HEADER &&
      more.length === 0 &&
      this.keys.some((key) => isEqual(signature, signatureOf(key, text)));
    if (!genuine || payload === undefined) throw new FailureError({ code: 'token_not_valid' });
    return { header: HEADER, payload: parsedPart(payload) };
  }
}

function signatureOf(key: KeyObject, text: string): string {
  return createHmac('sha256', key).update(text).digest('base64url');
}

/** In a time that tells nothing of where they differ. */
function isEqual(given: string, expected: string): boolean {
  const bytes = Buffer.from(given);
  return bytes.length === expected.length && timingSafeEqual(bytes, Buffer.from(expected));
}

function keyOf(secret: string): KeyObject {
  return createSecretKey(deriveKey(secret, 'refresh-token'));
}
