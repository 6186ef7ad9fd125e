import type { BodyProblem, Failure, FailureOf } from '../../../src/platform/errors/failure.js';
import type { FieldProblem } from '../../../src/platform/errors/field-problems.js';
import type { RevocationReason, TokenProblem } from '../../../src/platform/errors/token-problem.js';
import { listOf, object, text, whole } from './control/schemas.js';

type Code = Failure['code'];
type Schema = Readonly<Record<string, unknown>>;
type Codes<Union extends { code: string }> = Readonly<Record<Union['code'], object>>;

/** How a test gives a failure: its code alone stands for the code with usual parameters. */
export type FailureInput = Code | Failure;

/** The failure that a code alone stands for. */
const USUAL: { readonly [C in Code]: FailureOf<C> } = {
  invalid_fields: { code: 'invalid_fields', fields: { username: [{ code: 'required' }] } },
  invalid_credentials: { code: 'invalid_credentials' },
  token_missing: { code: 'token_missing' },
  token_not_valid: { code: 'token_not_valid' },
  client_not_authenticated: { code: 'client_not_authenticated' },
  user_exists: { code: 'user_exists' },
  session_not_found: { code: 'session_not_found' },
  throttled: { code: 'throttled', retryAfter: 60 },
  unavailable: { code: 'unavailable', retryAfter: 2 },
  client_disconnected: { code: 'client_disconnected' },
  malformed_body: { code: 'malformed_body', problem: 'not_json' },
  not_found: { code: 'not_found' },
  method_not_allowed: { code: 'method_not_allowed', allow: ['POST'] },
  payload_too_large: { code: 'payload_too_large' },
  unsupported_media_type: { code: 'unsupported_media_type' },
  bad_request: { code: 'bad_request', status: 400 },
  internal: { code: 'internal' },
};

/** Records, so that the compiler asks for every member of a union. */
const BODY_PROBLEMS: Readonly<Record<BodyProblem, true>> = {
  not_json: true,
  not_multipart: true,
  not_utf8: true,
  not_an_object: true,
  nested_too_deeply: true,
  too_many_fields: true,
  forbidden_field: true,
};
const REVOCATIONS: Readonly<Record<RevocationReason, true>> = {
  logout: true,
  replay: true,
  owner: true,
  client: true,
  limit: true,
};

const size = whole(0, 1_000_000);

const FIELD_PROBLEMS: Codes<FieldProblem> = {
  required: {},
  not_text: {},
  too_short: { least: size },
  too_long: { most: size },
  too_many_bytes: { most: size },
  forbidden_characters: {},
  control_characters: {},
  not_an_email: {},
  not_the_email: {},
  too_common: {},
  names_account: {},
  wrong_password: {},
  not_a_session_id: {},
  not_one_of: { allowed: listOf(text) },
  invalid: {},
};

const TOKEN_PROBLEMS: Codes<TokenProblem> = {
  expired: { seconds: whole(0, 10_000_000_000) },
  rotated: {},
  revoked: { by: { ...text, enum: Object.keys(REVOCATIONS) } },
  account_disabled: {},
};

/** The parameters of each failure. */
const PARAMETERS: Codes<Failure> = {
  invalid_fields: {
    fields: { type: 'object', additionalProperties: listOf(membersOf(FIELD_PROBLEMS)) },
  },
  invalid_credentials: {},
  token_missing: {},
  token_not_valid: { reason: membersOf(TOKEN_PROBLEMS, ['by']) },
  client_not_authenticated: {},
  user_exists: {},
  session_not_found: {},
  throttled: { retryAfter: size },
  unavailable: { retryAfter: size },
  client_disconnected: {},
  malformed_body: { problem: { ...text, enum: Object.keys(BODY_PROBLEMS) } },
  not_found: {},
  method_not_allowed: { allow: listOf(text) },
  payload_too_large: {},
  unsupported_media_type: {},
  bad_request: { status: whole(400, 499) },
  internal: {},
};

/** The schema of a {@link FailureInput}. */
export const FAILURE: Schema = {
  anyOf: [{ ...text, enum: Object.keys(USUAL) }, ...membersOf(PARAMETERS, ['reason']).anyOf],
};

/** Returns the failure that a test has given, perhaps by its code alone. */
export function failureFrom(input: FailureInput): Failure {
  return typeof input === 'string' ? USUAL[input] : input;
}

/** Returns the schema of a union of objects that differ in `code`. */
function membersOf(codes: Readonly<Record<string, object>>, optional: readonly string[] = []) {
  return {
    anyOf: Object.entries(codes).map(([code, parameters]) => {
      const required = Object.keys(parameters).filter((name) => !optional.includes(name));
      return object({ code: { ...text, enum: [code] }, ...parameters }, ['code', ...required] as 'code'[]);
    }),
  };
}
