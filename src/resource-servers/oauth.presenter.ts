import type { Failure } from '../platform/errors/failure.js';
import type { Answer, Dialect } from '../platform/http/dialect/dialect.js';
import { transportAnswer } from '../platform/http/dialect/transport-answer.js';

/** The errors of RFC 6749 section 5.2, which RFC 7662 and RFC 7009 refer to. */
export const oauthDialect: Dialect = { prefix: 'oauth', mediaTypes: ['application/x-www-form-urlencoded'], present };

function present(failure: Failure): Answer {
  switch (failure.code) {
    case 'client_not_authenticated':
      return answer(401, 'invalid_client', 'the client is unknown or its secret is wrong', {
        'WWW-Authenticate': 'Basic realm="latchkey"',
      });
    case 'invalid_fields':
      return answer(400, 'invalid_request', `${Object.keys(failure.fields).join(', ')} is missing or no text`);
    case 'invalid_credentials':
    case 'token_missing':
    case 'token_not_valid':
      return answer(400, 'invalid_grant', 'the token is not valid');
    case 'session_not_found':
    case 'user_exists':
      return answer(400, 'invalid_request', 'the request cannot be served');
    case 'malformed_body':
    case 'not_found':
    case 'method_not_allowed':
    case 'payload_too_large':
    case 'unsupported_media_type':
    case 'bad_request':
    case 'throttled':
      return transport(failure, 'invalid_request');
    case 'unavailable':
      return transport(failure, 'temporarily_unavailable');
    case 'internal':
      return transport(failure, 'server_error');
  }
}

function transport(failure: Parameters<typeof transportAnswer>[0], error: string): Answer {
  const { status, text, headers } = transportAnswer(failure);
  return answer(status, error, text, headers);
}

function answer(status: number, error: string, description: string, headers: Record<string, string> = {}): Answer {
  return { status, headers, body: { error, error_description: description } };
}
