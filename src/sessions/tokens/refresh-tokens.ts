import { createHmac, createSecretKey, hash, type KeyObject, timingSafeEqual } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { deriveKey } from '../../keys/derive-key.js';
import { Clock } from '../../platform/clock/clock.js';
import { CONFIG, type Config } from '../../platform/config/config.js';
import { FailureError } from '../../platform/errors/failure.error.js';
import type { Session } from '../../users/session.entity.js';
import { compactJws } from './compact-jws.js';
import { parsedPart, readClaims, type SignedToken } from './signed-token.js';

/**
 * The claims of a refresh token: its session (`sid`), its account (`sub`), its number within the
 * session (`counter`, from 0), and its times in seconds. Tokens of the first version have no `sub`.
 */
export interface RefreshClaims {
  readonly sid: string;
  readonly sub: string | undefined;
  readonly counter: number;
  readonly iat: number;
  readonly exp: number;
}

/** The state of a session that its refresh token is a function of. */
type RefreshState = Pick<Session, 'id' | 'userId' | 'refreshCounter' | 'refreshedAt' | 'expiresAt'>;

const HEADER = { alg: 'HS256', typ: 'rt+jwt' } as const;
const ENCODED_HEADER = Buffer.from(JSON.stringify(HEADER)).toString('base64url');
const CLAIMS = { typ: HEADER.typ, tokenType: 'refresh', texts: ['sid'] } as const;

/**
 * Signs and verifies refresh tokens: JWTs under a key and an algorithm of their own, so that a
 * token of one kind is never accepted as the other.
 */
@Injectable()
export class RefreshTokens {
  private readonly key: KeyObject;
  /** The present key, and the key of the previous secret while there is one. */
  private readonly keys: readonly KeyObject[];

  constructor(
    private readonly clock: Clock,
    @Inject(CONFIG) { AUTH_SECRET, AUTH_SECRET_PREVIOUS }: Pick<Config, 'AUTH_SECRET' | 'AUTH_SECRET_PREVIOUS'>,
  ) {
    this.key = keyOf(AUTH_SECRET);
    this.keys = [this.key, ...(AUTH_SECRET_PREVIOUS ? [keyOf(AUTH_SECRET_PREVIOUS)] : [])];
  }

  /**
   * Signs the session's current refresh token. The same state gives the same text, so no text is
   * stored.
   */
  sign(session: RefreshState): string {
    return this.signWith(this.key, session);
  }

  /**
   * Signs the session's current refresh token again, byte for byte, although the secret may have
   * changed since.
   * @throws FailureError `token_not_valid` for a token of a secret that is no longer known
   */
  signAgain(session: RefreshState & Pick<Session, 'refreshHash'>): string {
    const candidates = this.keys.map((key) => this.signWith(key, session));
    const token = candidates.find((candidate) => this.digest(candidate) === session.refreshHash);
    if (token === undefined) throw new FailureError({ code: 'token_not_valid' });
    return token;
  }

  /**
   * Returns the claims of a refresh token that this service signed.
   * @param options `expired`: accepts an expired token too
   * @throws FailureError `token_not_valid`
   */
  verify(token: string, options: { expired?: boolean } = {}): RefreshClaims {
    const { sid, sub, counter, iat, exp } = readClaims(this.verifySignature(token), CLAIMS, this.clock.now(), options);
    if (!Number.isSafeInteger(counter)) throw new FailureError({ code: 'token_not_valid' });
    return { sid, sub: typeof sub === 'string' ? sub : undefined, counter: counter as number, iat, exp };
  }

  /**
   * Returns what the database keeps of a refresh token: SHA-256 in hexadecimal. A 256-bit key needs
   * no slow hash.
   */
  digest(token: string): string {
    return hash('sha256', token, 'hex');
  }

  /**
   * Signs the state of a session. The order of header members and claims must not change, since
   * sessions outlive upgrades.
   */
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

  /**
   * Checks the text of a token against what this service writes: the one header, and the one
   * spelling of the signature. By hand, as in {@link compactJws}.
   */
  private verifySignature(token: string): SignedToken {
    const [header, payload = '', signature = '', ...more] = token.split('.');
    const isOurs =
      header === ENCODED_HEADER &&
      more.length === 0 &&
      this.keys.some((key) => isEqual(signature, signatureOf(key, `${header}.${payload}`)));
    if (!isOurs) throw new FailureError({ code: 'token_not_valid' });
    return { header: HEADER, payload: parsedPart(payload) };
  }
}

function signatureOf(key: KeyObject, text: string): string {
  return createHmac('sha256', key).update(text).digest('base64url');
}

/** Compares in a time that does not reveal where the texts differ. */
function isEqual(given: string, expected: string): boolean {
  const bytes = Buffer.from(given);
  return bytes.length === expected.length && timingSafeEqual(bytes, Buffer.from(expected));
}

function keyOf(secret: string): KeyObject {
  return createSecretKey(deriveKey(secret, 'refresh-token'));
}
