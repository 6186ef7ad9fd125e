import type { Failure } from '../../errors/failure.js';
import { tokenProblemText } from './token-problem-text.js';

/**
 * Returns the `WWW-Authenticate` header of a 401 (RFC 9110 section 11.6.1, RFC 6750 section 3).
 * Only the holder of a token that this service signed learns why the token is refused.
 */
export function challengeOf(failure: Failure): string {
  if (failure.code !== 'token_not_valid') return 'Bearer';
  const description = failure.reason === undefined ? '' : `, error_description="${tokenProblemText(failure.reason)}"`;
  return `Bearer error="invalid_token"${description}`;
}
