import { FailureError } from '../../platform/errors/failure.error.js';
import { expiredSince } from '../../platform/errors/token-problem.js';

/** A token whose signature was checked; its header and claims were not. */
export interface SignedToken {
  readonly header: Readonly<Record<string, unknown>>;
  readonly payload: unknown;
}

/** Claims that every token of this service has, in seconds since 1970. */
interface Times {
  readonly iat: number;
  readonly exp: number;
}

/** How far the clock of another replica may be ahead, in seconds. Never granted to `exp`. */
const LEEWAY = 30;

/**
 * Tells whether a token has the one spelling that this service writes: three base64url parts that
 * decode and encode to themselves. Lenient decoders take several spellings for the same signature.
 */
export function isCanonical(token: string): boolean {
  const parts = token.split('.');
  return parts.length === 3 && parts.every((part) => Buffer.from(part, 'base64url').toString('base64url') === part);
}

/** Returns the value that a part of a token encodes, undefined for a part that is not JSON. */
export function parsedPart(part: string): unknown {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString());
  } catch {
    return undefined;
  }
}

/**
 * Reads the claims of a token. Checks that the named claims are text and that the times are
 * plausible, which a signature alone does not prove.
 * @param now milliseconds since 1970
 * @param expired whether an expired token is accepted, as at a logout
 * @throws FailureError `token_not_valid`
 */
export function readClaims<Text extends string>(
  token: SignedToken,
  expected: { readonly typ: string; readonly tokenType: string; readonly texts: readonly Text[] },
  now: number,
  { expired = false } = {},
): Record<Text, string> & Times & Record<string, unknown> {
  const { header, payload } = token;
  const claims = (typeof payload === 'object' && payload !== null ? payload : {}) as Record<string, unknown>;
  const seconds = now / 1000;
  const { iat, exp, nbf = 0 } = claims;
  const sound =
    header['typ'] === expected.typ &&
    !('crit' in header) &&
    claims['token_type'] === expected.tokenType &&
    expected.texts.every((name) => typeof claims[name] === 'string' && claims[name] !== '') &&
    isTime(iat) &&
    isTime(exp) &&
    isTime(nbf) &&
    iat <= seconds + LEEWAY &&
    nbf <= seconds + LEEWAY &&
    iat < exp;
  if (!sound) throw new FailureError({ code: 'token_not_valid' });
  if (!expired && seconds >= exp)
    throw new FailureError({ code: 'token_not_valid', reason: expiredSince(exp * 1000, now) });
  return claims as ReturnType<typeof readClaims<Text>>;
}

function isTime(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** Tells whether a token was refused, and not the store or the service at fault. */
export function isInvalidToken(error: unknown): boolean {
  return error instanceof FailureError && error.failure.code === 'token_not_valid';
}
