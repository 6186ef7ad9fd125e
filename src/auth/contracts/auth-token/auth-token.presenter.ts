import type { AuthFailure, Failure } from '../../../platform/errors/failure.js';
import { challengeOf, transportAnswer } from '../../../platform/http/dialect/transport-answer.js';
import type { Answer, Dialect } from '../../../platform/http/dialect/dialect.js';
import type { TokenPair } from '../../../sessions/sessions.service.js';

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
      return unauthorized(failure, { detail: 'No active account found with the given credentials' });
    case 'token_missing':
      return unauthorized(failure, {
        detail: 'authentication credentials were not provided',
        code: 'not_authenticated',
      });
    case 'token_not_valid':
      return unauthorized(failure, { detail: 'token is invalid or expired', code: 'token_not_valid' });
    case 'client_not_authenticated':
      return unauthorized(failure, { detail: 'the client is not known' });
    case 'session_not_found':
      return answer(404, { detail: 'not found' });
    case 'user_exists':
      return answer(409, { detail: 'User already exists' });
    case 'malformed_body':
    case 'not_found':
    case 'method_not_allowed':
    case 'payload_too_large':
    case 'unsupported_media_type':
    case 'bad_request':
    case 'throttled':
    case 'unavailable':
    case 'internal': {
      const { status, text, headers } = transportAnswer(failure);
      return answer(status, { detail: text }, headers);
    }
  }
}

function unauthorized(failure: AuthFailure, body: object): Answer {
  return answer(401, body, { 'WWW-Authenticate': challengeOf(failure) });
}

function answer(status: number, body: object, headers: Record<string, string> = {}): Answer {
  return { status, headers, body };
}
