import type { AuthFailure, Failure } from '../../errors/failure.js';
import { transportAnswer } from '../../errors/texts.js';
import type { Answer, Dialect } from '../../http/dialect.js';
import type { TokenPair } from '../auth-sessions.service.js';

/** Contract A's words for every refusal. */
export const authTokenDialect: Dialect = {
  prefix: 'auth',
  mediaTypes: ['application/json', 'application/x-www-form-urlencoded', 'multipart/form-data'],
  present,
};

/** A token pair in contract A's key order. */
export function presentTokens({ refresh, access }: TokenPair): TokenPair {
  return { refresh, access };
}

function present(failure: Failure): Answer {
  switch (failure.code) {
    case 'invalid_fields':
      return answer(400, failure.fields);
    case 'invalid_credentials':
      return unauthorized({ detail: 'No active account found with the given credentials' });
    case 'token_missing':
      return unauthorized({ detail: 'authentication credentials were not provided', code: 'not_authenticated' });
    case 'token_not_valid':
      return unauthorized({ detail: 'token is invalid or expired', code: 'token_not_valid' });
    case 'user_exists':
      return answer(409, { detail: 'User already exists' });
    default: {
      const { status, text, headers } = transportAnswer(failure satisfies Exclude<Failure, AuthFailure>);
      return answer(status, { detail: text }, headers);
    }
  }
}

/** RFC 9110 section 11.6.1: a 401 names the scheme to authenticate with. */
function unauthorized(body: object): Answer {
  return answer(401, body, { 'WWW-Authenticate': 'Bearer' });
}

function answer(status: number, body: object, headers: Record<string, string> = {}): Answer {
  return { status, headers, body };
}
