import { STATUS_CODES } from 'node:http';
import type { AuthFailure, Failure, FieldProblems } from '../../../platform/errors/failure.js';
import { challengeOf, transportAnswer } from '../../../platform/http/dialect/transport-answer.js';
import { snakeCase } from '../../../platform/http/dialect/snake-case.js';
import type { Answer, Dialect } from '../../../platform/http/dialect/dialect.js';
import type { TokenPair } from '../../../sessions/sessions.service.js';

/** Contract B's words for every refusal. */
export const userLoginDialect: Dialect = { prefix: 'user', mediaTypes: ['application/json'], present };

/** A token pair in contract B's names and key order. */
export function presentTokens({ access, refresh }: TokenPair): { access_token: string; refresh_token: string } {
  return { access_token: access, refresh_token: refresh };
}

function present(failure: Failure): Answer {
  switch (failure.code) {
    case 'invalid_fields':
      return answer(400, reasonOf(failure.fields));
    case 'invalid_credentials':
      return unauthorized(failure, 'the username or the password is wrong');
    case 'token_missing':
      return unauthorized(failure, 'a token is required');
    case 'token_not_valid':
      return unauthorized(failure, 'the token is invalid or expired');
    case 'client_not_authenticated':
      return unauthorized(failure, 'the client is not known');
    case 'session_not_found':
      return answer(404, 'not found');
    case 'user_exists':
      return answer(409, 'the username or the email is taken');
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
      return answer(status, text, headers);
    }
  }
}

function unauthorized(failure: AuthFailure, reason: string): Answer {
  return answer(401, reason, { 'WWW-Authenticate': challengeOf(failure) });
}

/** `status` is contract B's one word for whatever the client did wrong, 401 and 409 included; a fault of ours goes by its own name. */
function answer(httpStatus: number, reason: string, headers: Record<string, string> = {}): Answer {
  const status = httpStatus < 500 ? 'BAD REQUEST' : (STATUS_CODES[httpStatus] ?? 'ERROR').toUpperCase();
  return { status: httpStatus, headers, body: { status, reason } };
}

function reasonOf(fields: FieldProblems): string {
  return Object.entries(fields)
    .map(([field, problems]) => `${snakeCase(field)}: ${problems.join(', ')}`)
    .join('; ');
}
