import type { Answer, Headers } from '../../../src/platform/http/dialect/answer.js';
import type { Dialect } from '../../../src/platform/http/dialect/dialect.js';
import { fieldTexts } from '../../../src/platform/http/dialect/field-texts.js';
import { sharedRefusals } from '../../../src/platform/http/dialect/shared-refusals.js';

const MEDIA_TYPE = 'application/vnd.api+json';

/** An error object (JSON:API 1.1, section 11.2). */
interface JsonApiError {
  readonly title: string;
  readonly code?: string;
  readonly source?: { readonly pointer: string };
}

export const loginDialect: Dialect = {
  prefix: 'v3',
  contract: 'v3',
  tag: { name: 'contract v3', description: 'Routes below /v3' },
  mediaTypes: [MEDIA_TYPE],
  refusals: {
    ...sharedRefusals((status, title, headers) => answer(status, [{ title }], headers)),
    invalid_fields: ({ fields }) =>
      answer(
        400,
        Object.entries(fieldTexts(fields)).map(([field, texts]) => ({
          code: 'invalid_field',
          title: texts.join(', '),
          source: { pointer: `/${field}` },
        })),
      ),
    invalid_credentials: unauthorized,
    token_missing: unauthorized,
    token_not_valid: unauthorized,
    client_not_authenticated: unauthorized,
    session_not_found: () => answer(404, [{ title: 'no such session' }]),
    user_exists: () => answer(409, [{ title: 'the account exists' }]),
  },
};

function unauthorized({ code }: { readonly code: string }): Answer {
  return answer(401, [{ code, title: 'not authenticated' }], { 'WWW-Authenticate': 'Bearer' });
}

function answer(status: number, errors: readonly JsonApiError[], headers: Headers = {}): Answer {
  return {
    status,
    headers: { ...headers, 'Content-Type': MEDIA_TYPE },
    body: { errors: errors.map((error) => ({ status: String(status), ...error })) },
  };
}
