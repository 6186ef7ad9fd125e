import { STATUS_CODES } from 'node:http';
import type { Failure } from '../../errors/failure.js';
import type { Answer, Headers } from './answer.js';
import { challengeOf } from './bearer-challenge.js';
import type { Dialect } from './dialect.js';
import { wireFieldTexts } from './field-texts.js';
import { sharedRefusals } from './shared-refusals.js';

/** The dialect of every route outside the contracts: problem details (RFC 9457). */
export const problemDetails: Dialect = {
  prefix: '',
  contract: 'account',
  tag: { name: 'account', description: 'For the owner of an account' },
  mediaTypes: ['application/json'],
  refusals: {
    ...sharedRefusals(problem),
    invalid_fields: ({ fields }) =>
      problem(400, 'a field of the request is not valid', {}, { errors: wireFieldTexts(fields) }),
    invalid_credentials: (failure) => unauthorized(failure, 'the credentials are not valid'),
    token_missing: (failure) => unauthorized(failure, 'a bearer token is required'),
    token_not_valid: (failure) => unauthorized(failure, 'the token is invalid or expired'),
    client_not_authenticated: (failure) => unauthorized(failure, 'the client is not known'),
    session_not_found: () => problem(404, 'there is no such session'),
    user_exists: () => problem(409, 'the account exists already'),
  },
};

function unauthorized(failure: Failure, detail: string): Answer {
  return problem(401, detail, { 'WWW-Authenticate': challengeOf(failure) });
}

function problem(status: number, detail: string, headers: Headers = {}, extensions: object = {}): Answer {
  return {
    status,
    headers: { ...headers, 'Content-Type': 'application/problem+json' },
    body: { type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, detail, ...extensions },
  };
}
