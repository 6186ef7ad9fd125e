import type { Failure } from '../../../src/platform/errors/failure.js';
import type { Answer, Headers } from '../../../src/platform/http/dialect/answer.js';
import { challengeOf } from '../../../src/platform/http/dialect/bearer-challenge.js';
import type { Dialect } from '../../../src/platform/http/dialect/dialect.js';
import { wireFieldTexts } from '../../../src/platform/http/dialect/field-texts.js';
import { sharedRefusals } from '../../../src/platform/http/dialect/shared-refusals.js';

export const MEDIA_TYPE = 'application/vnd.api+json';

/** An error object (JSON:API 1.1, section 11.2). */
interface JsonApiError {
  readonly title: string;
  readonly code?: string;
  readonly source?: { readonly pointer: string };
}

/** How the third contract speaks: errors as in JSON:API. */
export const loginDialect: Dialect = {
  prefix: 'v3',
  contract: 'v3',
  tag: { name: 'contract v3', description: 'Routes below /v3' },
  mediaTypes: [MEDIA_TYPE],
  refusals: {
    ...sharedRefusals((status, title, headers) => answer(status, [{ title }], headers)),
    invalid_fields: ({ fields }) => answer(400, Object.entries(wireFieldTexts(fields)).map(fieldError)),
    invalid_credentials: unauthorized,
    token_missing: unauthorized,
    token_not_valid: unauthorized,
    client_not_authenticated: unauthorized,
    session_not_found: () => answer(404, [{ title: 'no such session' }]),
    user_exists: () => answer(409, [{ title: 'the account exists' }]),
  },
};

function fieldError([field, texts]: [string, string[]]): JsonApiError {
  return { code: 'invalid_field', title: texts.join(', '), source: { pointer: `/${field}` } };
}

function unauthorized(failure: Failure): Answer {
  const headers = { 'WWW-Authenticate': challengeOf(failure) };
  return answer(401, [{ code: failure.code, title: 'not authenticated' }], headers);
}

function answer(status: number, errors: readonly JsonApiError[], headers: Headers = {}): Answer {
  return {
    status,
    headers: { ...headers, 'Content-Type': MEDIA_TYPE },
    body: { errors: errors.map((error) => ({ status: String(status), ...error })) },
  };
}
