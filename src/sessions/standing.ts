import type { SessionState } from '../users/session.entity.js';
import type { RefreshClaims } from './tokens/refresh-tokens.js';

/**
 * What a refresh token is to its session:
 * - `current`: the token that the next refresh uses,
 * - `previous`: used before, still inside the replay window,
 * - `expired`: the current token, past its own `exp`,
 * - `replayed`: an older token, which an honest client has no reason to send,
 * - `unknown`: the session never had it.
 */
export type Standing = 'current' | 'previous' | 'expired' | 'replayed' | 'unknown';

/** A refresh token whose signature was checked. */
export interface RefreshToken {
  readonly claims: Pick<RefreshClaims, 'sub' | 'counter' | 'exp'>;
  /** See `RefreshTokens.digest`. */
  readonly digest: string;
}

/**
 * Returns the standing of a refresh token. Only the current token can expire. The previous token
 * asks for an answer that was lost a moment ago, and a replay remains a replay after its expiry.
 * @param session the session that the token names
 * @param windowMs length of the replay window in milliseconds
 * @param now milliseconds since 1970
 */
export function standingOf(
  { claims: { sub, counter, exp }, digest }: RefreshToken,
  session: Pick<SessionState, 'userId' | 'refreshCounter' | 'refreshHash' | 'refreshedAt'>,
  windowMs: number,
  now: number,
): Standing {
  // Tokens of the first version name no account.
  if (sub !== undefined && sub !== session.userId) return 'unknown';
  if (counter > session.refreshCounter) return 'unknown';
  if (counter === session.refreshCounter) {
    if (now >= exp * 1000) return 'expired';
    return digest === session.refreshHash ? 'current' : 'unknown';
  }
  const isPrevious = counter === session.refreshCounter - 1;
  return isPrevious && now - session.refreshedAt < windowMs ? 'previous' : 'replayed';
}
