import type { Failure, FailureOf } from '../errors/failure.js';
import type { Answer } from '../http/dialect/answer.js';
import { answerOf, type Dialect } from '../http/dialect/dialect.js';
import type { DocumentedAnswer } from './documented-answer.js';
import { type Schema, schemaOf } from './schema.js';

type Code = Failure['code'];

interface Refusal<C extends Code> {
  readonly description: string;
  /** Two or more if the answer depends on the failure. The document leaves open what differs. */
  readonly samples: readonly [FailureOf<C>, ...FailureOf<C>[]];
}

/** What each refusal means, with samples of the failure. */
export const REFUSALS: { readonly [C in Code]: Refusal<C> } = {
  invalid_fields: {
    description: 'A field is missing, blank or against the rules',
    samples: [{ code: 'invalid_fields', fields: {} }],
  },
  malformed_body: {
    description: 'The body as a whole is wrong',
    samples: [
      { code: 'malformed_body', problem: 'not_json' },
      { code: 'malformed_body', problem: 'not_an_object' },
    ],
  },
  bad_request: {
    description:
      'The request breaks the rules of HTTP, for example with a URL that cannot be decoded. ' +
      'The status may also be 408, 413, 417 or 431',
    samples: [
      { code: 'bad_request', status: 400 },
      { code: 'bad_request', status: 417 },
    ],
  },
  invalid_credentials: {
    description: 'The name is unknown, the password is wrong, or the account is disabled',
    samples: [{ code: 'invalid_credentials' }],
  },
  token_missing: { description: 'The request has no access token', samples: [{ code: 'token_missing' }] },
  token_not_valid: {
    description: 'A token is invalid, expired, used or revoked',
    samples: [{ code: 'token_not_valid' }],
  },
  client_not_authenticated: {
    description: 'The client id or its secret is not in INTROSPECTION_CLIENTS',
    samples: [{ code: 'client_not_authenticated' }],
  },
  not_found: { description: 'There is no such route', samples: [{ code: 'not_found' }] },
  session_not_found: {
    description: 'The account has no such live session',
    samples: [{ code: 'session_not_found' }],
  },
  method_not_allowed: {
    description: 'The route has other methods',
    samples: [
      { code: 'method_not_allowed', allow: ['POST'] },
      { code: 'method_not_allowed', allow: ['GET', 'HEAD'] },
    ],
  },
  user_exists: { description: 'The name or the email is taken', samples: [{ code: 'user_exists' }] },
  payload_too_large: { description: 'The body is too large', samples: [{ code: 'payload_too_large' }] },
  unsupported_media_type: {
    description: 'The body has a media type that this route does not take',
    samples: [{ code: 'unsupported_media_type' }],
  },
  throttled: {
    description: 'Too many failed attempts or sign-ups',
    samples: [
      { code: 'throttled', retryAfter: 60 },
      { code: 'throttled', retryAfter: 900 },
    ],
  },
  client_disconnected: {
    description: 'The client has gone',
    samples: [{ code: 'client_disconnected' }],
  },
  internal: { description: 'The service failed', samples: [{ code: 'internal' }] },
  unavailable: {
    description: 'The database is away, or too many passwords wait to be hashed',
    samples: [
      { code: 'unavailable', retryAfter: 2 },
      { code: 'unavailable', retryAfter: 5 },
    ],
  },
};

/**
 * Returns the documented answers of a dialect to failures, one for each status.
 * @param fields the fields that `invalid_fields` may name
 */
export function documentedRefusals(dialect: Dialect, codes: readonly Code[], fields: readonly string[]) {
  const answers = new Map<number, DocumentedAnswer[]>();
  for (const code of new Set(codes)) {
    const refusal = documentedRefusal(dialect, code, fields);
    answers.set(refusal.status, [...(answers.get(refusal.status) ?? []), refusal]);
  }
  return Array.from(answers.values(), merged);
}

function documentedRefusal(dialect: Dialect, code: Code, fields: readonly string[]): DocumentedAnswer {
  const samples: readonly Failure[] = code === 'invalid_fields' ? fieldSamples(fields) : REFUSALS[code].samples;
  const answers = samples.map((sample) => answerOf(dialect, sample)) as [Answer, ...Answer[]];
  const [{ status, headers }] = answers;
  const { 'Content-Type': mediaType = 'application/json', ...documented } = headers;
  return {
    status,
    description: REFUSALS[code].description,
    mediaType,
    headers: documented,
    schema: schemaOf(answers.map(({ body }) => body)),
  };
}

/** Returns two problems for each field, so that {@link schemaOf} fixes neither fields nor texts. */
function fieldSamples(fields: readonly string[]): FailureOf<'invalid_fields'>[] {
  const problems = [{ code: 'required' }, { code: 'not_text' }] as const;
  return fields.flatMap((field) =>
    problems.map((problem): FailureOf<'invalid_fields'> => ({
      code: 'invalid_fields',
      fields: { [field]: [problem] },
    })),
  );
}

/**
 * Merges answers of one status into one answer.
 * @param answers at least one, all of one media type
 */
function merged(answers: DocumentedAnswer[]): DocumentedAnswer {
  const [first] = answers as [DocumentedAnswer, ...DocumentedAnswer[]];
  const isOnAll = (name: string) => answers.every(({ headers = {} }) => name in headers);
  return {
    ...first,
    description: answers.map(({ description }) => description).join('; or: '),
    headers: Object.fromEntries(Object.entries(first.headers ?? {}).filter(([name]) => isOnAll(name))),
    schema: anyOf(answers.flatMap(({ schema }) => schema ?? [])),
  };
}

function anyOf(schemas: readonly Schema[]): Schema {
  const distinct = [...new Map(schemas.map((schema) => [withoutExamples(schema), schema])).values()];
  return distinct.length === 1 && distinct[0] ? distinct[0] : { anyOf: distinct };
}

function withoutExamples(schema: Schema): string {
  return JSON.stringify(schema, (key, value: unknown) => (key === 'example' ? undefined : value));
}
