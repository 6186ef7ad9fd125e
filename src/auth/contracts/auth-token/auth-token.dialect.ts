import type { Failure } from '../../../platform/errors/failure.js';
import type { Answer, Headers } from '../../../platform/http/dialect/answer.js';
import { challengeOf } from '../../../platform/http/dialect/bearer-challenge.js';
import type { Dialect } from '../../../platform/http/dialect/dialect.js';
import { fieldTexts } from '../../../platform/http/dialect/field-texts.js';
import { sharedRefusals } from '../../../platform/http/dialect/shared-refusals.js';

/** The dialect of contract A. */
export const authTokenDialect: Dialect = {
  prefix: 'auth',
  contract: 'A',
  tag: { name: 'contract A', description: 'Routes below /auth' },
  mediaTypes: ['application/json', 'application/x-www-form-urlencoded', 'multipart/form-data'],
  refusals: {
    ...sharedRefusals((status, detail, headers) => answer(status, { detail }, headers)),
    invalid_fields: ({ fields }) => answer(400, fieldTexts(fields)),
    invalid_credentials: (failure) =>
      unauthorized(failure, { detail: 'No active account found with the given credentials' }),
    token_missing: (failure) =>
      unauthorized(failure, { detail: 'authentication credentials were not provided', code: 'not_authenticated' }),
    token_not_valid: (failure) =>
      unauthorized(failure, { detail: 'token is invalid or expired', code: 'token_not_valid' }),
    client_not_authenticated: (failure) => unauthorized(failure, { detail: 'the client is not known' }),
    session_not_found: () => answer(404, { detail: 'not found' }),
    user_exists: () => answer(409, { detail: 'User already exists' }),
  },
};

function unauthorized(failure: Failure, body: object): Answer {
  return answer(401, body, { 'WWW-Authenticate': challengeOf(failure) });
}

function answer(status: number, body: object, headers: Headers = {}): Answer {
  return { status, headers, body };
}
