import { hash, type KeyObject, sign } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { JwtService, type JwtVerifyOptions } from '@nestjs/jwt';
import { LRUCache } from 'lru-cache';
import { v4 as uuid } from 'uuid';
import { Clock } from '../../platform/clock/clock.js';
import { CONFIG, type Config } from '../../platform/config/config.js';
import { FailureError } from '../../platform/errors/failure.error.js';
import { SigningKeysService } from '../../keys/signing-keys.service.js';
import { compactJws } from './compact-jws.js';
import { isCanonical, parsedPart, readClaims, type SignedToken } from './signed-token.js';
import { verificationKey } from './verification-key.js';

/** What an access token says: whose it is (`sub`), of which session (`sid`), its own id (`jti`), and its times in seconds. */
export interface AccessClaims {
  readonly sub: string;
  readonly sid: string;
  readonly jti: string;
  readonly iat: number;
  readonly exp: number;
}

/** Tokens whose signature need not be checked again, at most. */
const REMEMBERED = 10_000;

const TYP = 'at+jwt';
const CLAIMS = { typ: TYP, tokenType: 'access', texts: ['iss', 'sub', 'sid', 'jti'] } as const;

/** Access tokens: JWTs of RFC 9068's kind, signed with ES256 so that anybody can verify them through the JWKS. */
@Injectable()
export class AccessTokens {
  /** How a signature is verified, here and in the Passport strategy. Claims are left to {@link claimsOf}, which asks our clock. */
  static readonly verification = {
    algorithms: ['ES256'],
    complete: true,
    ignoreExpiration: true,
    ignoreNotBefore: true,
  } satisfies JwtVerifyOptions;

  /** By the digest of a token, what its right signature covers. Nothing else of a token is settled by it: neither its times nor its session. */
  private readonly remembered = new LRUCache<string, SignedToken>({ max: REMEMBERED });

  constructor(
    private readonly jwt: JwtService,
    private readonly keys: SigningKeysService,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** @param expiresAt latest moment of its life, in milliseconds; it is shorter where `ACCESS_TOKEN_TTL` says so */
  async sign(subject: Pick<AccessClaims, 'sub' | 'sid'>, expiresAt: number): Promise<string> {
    const { kid, privateKey } = await this.keys.signing();
    const iat = Math.floor(this.clock.now() / 1000);
    const exp = Math.min(iat + this.config.ACCESS_TOKEN_TTL, Math.floor(expiresAt / 1000));
    const claims = { iss: this.config.ISSUER, ...subject, jti: uuid(), iat, exp, token_type: CLAIMS.tokenType };
    return compactJws({ alg: 'ES256', typ: TYP, kid }, claims, (text) => signatureOf(privateKey, text));
  }

  /**
   * @param options `expired`: an expired token will do
   * @throws FailureError `token_not_valid`
   */
  async verify(token: string, options: { expired?: boolean } = {}): Promise<AccessClaims> {
    return this.claimsOf(await this.verifySignature(token, options), options);
  }

  /** @throws FailureError `token_not_valid` unless every claim is as we write it */
  claimsOf(token: SignedToken, options: { expired?: boolean } = {}): AccessClaims {
    const { iss, sub, sid, jti, iat, exp } = readClaims(token, CLAIMS, this.clock.now(), options);
    // At a logout the token is only to be one that we made, be it under another name of ours.
    if (iss !== this.config.ISSUER && !options.expired) throw new FailureError({ code: 'token_not_valid' });
    return { sub, sid, jti, iat, exp };
  }

  /** A token whose signature was found right before, unless its key was retired since. */
  async recall(token: string, { expired = false } = {}): Promise<SignedToken | undefined> {
    const known = this.remembered.get(digestOf(token));
    const kid = known?.header['kid'] as string | undefined;
    return kid !== undefined && (await this.keys.find(kid, { retired: expired })) ? known : undefined;
  }

  /** @param signed what a library read from the token after it had checked its signature */
  remember(token: string, signed: SignedToken): void {
    this.remembered.set(digestOf(token), signed);
  }

  /** The key that a token names. @throws FailureError `token_not_valid` for a token that names none of ours */
  async keyOf(token: string, { expired = false } = {}): Promise<KeyObject> {
    const kid = isCanonical(token) ? keyIdOf(token) : undefined;
    const pair = typeof kid === 'string' ? await this.keys.find(kid, { retired: expired }) : undefined;
    if (!pair) throw new FailureError({ code: 'token_not_valid' });
    return pair.publicKey;
  }

  private async verifySignature(token: string, options: { expired?: boolean }): Promise<SignedToken> {
    const known = await this.recall(token, options);
    if (known) return known;
    const publicKey = verificationKey(await this.keyOf(token, options));
    try {
      const signed = this.jwt.verify<SignedToken & object>(token, { publicKey, ...AccessTokens.verification });
      this.remember(token, signed);
      return signed;
    } catch (error) {
      throw new FailureError({ code: 'token_not_valid' }, { cause: error });
    }
  }
}

/**
 * Returns the `kid` in the header of a token that is not verified yet. Not by the library's `decode`, which reads the claims too
 * and throws. A header of another `typ` names no key: under `JWT` the library parses the claims, and throws where they are null.
 */
function keyIdOf(token: string): unknown {
  const header = parsedPart(token.split('.', 1)[0] ?? '') as { kid?: unknown; typ?: unknown } | null | undefined;
  return header?.typ === TYP ? header.kid : undefined;
}

function digestOf(token: string): string {
  return hash('sha256', token, 'base64');
}

/** ES256 (RFC 7518 section 3.4): both numbers one after the other, where the platform's own form is DER. */
function signatureOf(key: KeyObject, text: string): string {
  return sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url');
}
