import { STATUS_CODES } from 'node:http';
import type { Failure } from '../errors/failure.js';
import { transportAnswer } from '../errors/texts.js';
import type { Answer, Dialect } from './dialect.js';

/** RFC 9457, for every route outside of both contracts. */
export const problemDetails: Dialect = { prefix: '', mediaTypes: ['application/json'], present };

function present(failure: Failure): Answer {
  switch (failure.code) {
    case 'invalid_fields':
      return problem(400, 'a field of the request is not valid', {}, { errors: failure.fields });
    case 'invalid_credentials':
      return problem(401, 'the credentials are not valid', { 'WWW-Authenticate': 'Bearer' });
    case 'token_missing':
      return problem(401, 'a bearer token is required', { 'WWW-Authenticate': 'Bearer' });
    case 'token_not_valid':
      return problem(401, 'the token is invalid or expired', { 'WWW-Authenticate': 'Bearer error="invalid_token"' });
    case 'user_exists':
      return problem(409, 'the account exists already');
    default: {
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
