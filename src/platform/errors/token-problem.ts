/** Why a session was ended before it expired. */
export type RevocationReason = 'logout' | 'replay' | 'owner' | 'client' | 'limit';

/** Why a token that this service signed is refused. A dialect puts it into words. */
export type TokenProblem =
  /** `seconds`: how long ago the token or its session expired. */
  | { readonly code: 'expired'; readonly seconds: number }
  /** The refresh token was used before, and the replay window has passed. */
  | { readonly code: 'rotated' }
  /** `by`: what ended the session. Left out if all sessions of the account ended at once. */
  | { readonly code: 'revoked'; readonly by?: RevocationReason }
  | { readonly code: 'account_disabled' };

/**
 * Returns the problem of a token or session that expired. Both times in milliseconds since 1970.
 */
export function expiredSince(end: number, now: number): TokenProblem {
  return { code: 'expired', seconds: Math.floor((now - end) / 1000) };
}
