import { STATUS_CODES } from 'node:http';
import type { Failure, FieldProblems } from '../../errors/failure.js';
import { challengeOf, transportAnswer } from './transport-answer.js';
import { snakeCase } from './snake-case.js';
import type { Answer, Dialect } from './dialect.js';

/** RFC 9457, for every route outside of both contracts. */
export const problemDetails: Dialect = { prefix: '', mediaTypes: ['application/json'], present };

function present(failure: Failure): Answer {
  switch (failure.code) {
    case 'invalid_fields':
      return problem(400, 'a field of the request is not valid', {}, { errors: wireNames(failure.fields) });
    case 'invalid_credentials':
      return problem(401, 'the credentials are not valid', { 'WWW-Authenticate': challengeOf(failure) });
    case 'token_missing':
      return problem(401, 'a bearer token is required', { 'WWW-Authenticate': challengeOf(failure) });
    case 'token_not_valid':
      return problem(401, 'the token is invalid or expired', { 'WWW-Authenticate': challengeOf(failure) });
    case 'client_not_authenticated':
      return problem(401, 'the client is not known', { 'WWW-Authenticate': challengeOf(failure) });
    case 'session_not_found':
      return problem(404, 'there is no such session');
    case 'user_exists':
      return problem(409, 'the account exists already');
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
      return problem(status, text, headers);
    }
  }
}

function problem(status: number, detail: string, headers: Record<string, string> = {}, more: object = {}): Answer {
  return {
    status,
    headers: { ...headers, 'Content-Type': 'application/problem+json' },
    body: { type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, detail, ...more },
  };
}

function wireNames(fields: FieldProblems): FieldProblems {
  return Object.fromEntries(Object.entries(fields).map(([name, problems]) => [snakeCase(name), problems]));
}
