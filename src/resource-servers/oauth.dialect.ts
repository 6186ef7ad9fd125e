import type { Answer, Headers } from '../platform/http/dialect/answer.js';
import type { Dialect } from '../platform/http/dialect/dialect.js';
import { sharedRefusals } from '../platform/http/dialect/shared-refusals.js';

/** The errors of RFC 6749 section 5.2, which RFC 7662 and RFC 7009 refer to. */
export const oauthDialect: Dialect = {
  prefix: 'oauth',
  contract: 'oauth',
  tag: { name: 'resource servers', description: 'For services that ask about tokens, as one of INTROSPECTION_CLIENTS' },
  mediaTypes: ['application/x-www-form-urlencoded'],
  refusals: {
    ...sharedRefusals((status, text, headers) => answer(status, errorOf(status), text, headers)),
    client_not_authenticated: () =>
      answer(401, 'invalid_client', 'the client is unknown or its secret is wrong', {
        'WWW-Authenticate': 'Basic realm="latchkey"',
      }),
    invalid_fields: ({ fields }) =>
      answer(400, 'invalid_request', `${Object.keys(fields).join(', ')} is missing or no text`),
    invalid_credentials: invalidGrant,
    token_missing: invalidGrant,
    token_not_valid: invalidGrant,
    session_not_found: cannotServe,
    user_exists: cannotServe,
  },
};

function invalidGrant(): Answer {
  return answer(400, 'invalid_grant', 'the token is not valid');
}

function cannotServe(): Answer {
  return answer(400, 'invalid_request', 'the request cannot be served');
}

function errorOf(status: number): string {
  if (status === 503) return 'temporarily_unavailable';
  return status === 500 ? 'server_error' : 'invalid_request';
}

function answer(status: number, error: string, description: string, headers: Headers = {}): Answer {
  return { status, headers, body: { error, error_description: description } };
}
