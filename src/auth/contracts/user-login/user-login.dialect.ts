import { STATUS_CODES } from 'node:http';
import type { Failure } from '../../../platform/errors/failure.js';
import type { FieldProblems } from '../../../platform/errors/field-problems.js';
import type { Answer, Headers } from '../../../platform/http/dialect/answer.js';
import { challengeOf } from '../../../platform/http/dialect/bearer-challenge.js';
import type { Dialect } from '../../../platform/http/dialect/dialect.js';
import { wireFieldTexts } from '../../../platform/http/dialect/field-texts.js';
import { sharedRefusals } from '../../../platform/http/dialect/shared-refusals.js';

/** The dialect of contract B. */
export const userLoginDialect: Dialect = {
  prefix: 'user',
  contract: 'B',
  tag: { name: 'contract B', description: 'Routes below /user' },
  mediaTypes: ['application/json'],
  refusals: {
    ...sharedRefusals(answer),
    invalid_fields: ({ fields }) => answer(400, reasonOf(fields)),
    invalid_credentials: (failure) => unauthorized(failure, 'the username or the password is wrong'),
    token_missing: (failure) => unauthorized(failure, 'a token is required'),
    token_not_valid: (failure) => unauthorized(failure, 'the token is invalid or expired'),
    client_not_authenticated: (failure) => unauthorized(failure, 'the client is not known'),
    session_not_found: () => answer(404, 'not found'),
    user_exists: () => answer(409, 'the username or the email is taken'),
  },
};

function unauthorized(failure: Failure, reason: string): Answer {
  return answer(401, reason, { 'WWW-Authenticate': challengeOf(failure) });
}

/**
 * The contract prints `BAD REQUEST` as the `status` of its 401 and 409 too, so every 4xx has it.
 * A 5xx has its own reason phrase.
 */
function answer(status: number, reason: string, headers: Headers = {}): Answer {
  const phrase = status < 500 ? 'BAD REQUEST' : (STATUS_CODES[status] ?? 'ERROR').toUpperCase();
  return { status, headers, body: { status: phrase, reason } };
}

function reasonOf(fields: FieldProblems): string {
  return Object.entries(wireFieldTexts(fields))
    .map(([field, texts]) => `${field}: ${texts.join(', ')}`)
    .join('; ');
}
