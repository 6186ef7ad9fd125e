import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CONTRACTS } from '../src/auth/contract.js';
import type { BodyProblem, Failure, FailureOf } from '../src/platform/errors/failure.js';
import type { FieldProblem } from '../src/platform/errors/field-problems.js';
import type { Answer } from '../src/platform/http/dialect/answer.js';
import { answerOf, type Dialect } from '../src/platform/http/dialect/dialect.js';
import { problemDetails } from '../src/platform/http/dialect/problem-details.js';
import { oauthDialect } from '../src/resource-servers/oauth.dialect.js';
import { loginDialect } from './third-contract/login/login.dialect.js';

type Code = Failure['code'];

/** Generators of the members of a union by their codes, without the codes themselves. */
type Generators<Union extends { readonly code: string }> = {
  readonly [C in Union['code']]: fc.Arbitrary<Omit<Extract<Union, { readonly code: C }>, 'code'>>;
};

const nothing = fc.constant({});
const count = fc.integer({ min: 1, max: 1024 });
const words = fc.string({ minLength: 1, maxLength: 20 });

const FIELD_PROBLEMS: Generators<FieldProblem> = {
  required: nothing,
  not_text: nothing,
  too_short: fc.record({ least: count }),
  too_long: fc.record({ most: count }),
  too_many_bytes: fc.record({ most: count }),
  forbidden_characters: nothing,
  control_characters: nothing,
  not_an_email: nothing,
  not_the_email: nothing,
  too_common: nothing,
  names_account: nothing,
  wrong_password: nothing,
  not_a_session_id: nothing,
  not_one_of: fc.record({ allowed: fc.array(words, { minLength: 1 }) }),
  invalid: nothing,
};

const BODY_PROBLEMS: Readonly<Record<BodyProblem, true>> = {
  not_json: true,
  not_multipart: true,
  not_utf8: true,
  not_an_object: true,
  nested_too_deeply: true,
  too_many_fields: true,
  forbidden_field: true,
};

const retryAfter = fc.record({ retryAfter: fc.integer({ min: 1, max: 3600 }) });

const FAILURES: Generators<Failure> = {
  invalid_fields: fc.record({
    fields: fc.dictionary(
      fc.constantFrom('username', 'password', 'firstName', 'refresh_token'),
      fc.array(unionOf(FIELD_PROBLEMS), { minLength: 1, maxLength: 2 }),
      { minKeys: 1 },
    ),
  }),
  invalid_credentials: nothing,
  token_missing: nothing,
  token_not_valid: nothing,
  client_not_authenticated: nothing,
  user_exists: nothing,
  session_not_found: nothing,
  throttled: retryAfter,
  unavailable: retryAfter,
  client_disconnected: nothing,
  malformed_body: fc.record({ problem: fc.constantFrom(...(Object.keys(BODY_PROBLEMS) as BodyProblem[])) }),
  not_found: nothing,
  method_not_allowed: fc.record({ allow: fc.array(fc.constantFrom('GET', 'POST'), { minLength: 1 }) }),
  payload_too_large: nothing,
  unsupported_media_type: nothing,
  bad_request: fc.record({ status: fc.integer({ min: 400, max: 499 }) }),
  internal: nothing,
};

const STATUSES: Readonly<Record<Exclude<Code, 'bad_request'>, number>> = {
  invalid_fields: 400,
  invalid_credentials: 401,
  token_missing: 401,
  token_not_valid: 401,
  client_not_authenticated: 401,
  user_exists: 409,
  session_not_found: 404,
  throttled: 429,
  unavailable: 503,
  client_disconnected: 499,
  malformed_body: 400,
  not_found: 404,
  method_not_allowed: 405,
  payload_too_large: 413,
  unsupported_media_type: 415,
  internal: 500,
};

/** RFC 6749 section 5.2 has 400 for everything but a client that is not authenticated. */
const OAUTH_STATUSES: Partial<typeof STATUSES> = {
  invalid_credentials: 400,
  token_missing: 400,
  token_not_valid: 400,
  user_exists: 400,
  session_not_found: 400,
};

function unionOf<Union extends { readonly code: string }>(generators: Generators<Union>): fc.Arbitrary<Union> {
  const members = Object.entries<fc.Arbitrary<object>>(generators);
  return fc.oneof(...members.map(([code, member]) => member.map((rest) => ({ code, ...rest }) as unknown as Union)));
}

const failures = unionOf(FAILURES);
const codes = Object.keys(FAILURES) as Code[];
const failureOf = <C extends Code>(code: C) =>
  (FAILURES[code] as fc.Arbitrary<object>).map((rest) => ({ code, ...rest }) as FailureOf<C>);

const contracts = CONTRACTS.map(({ dialect }) => dialect);
const dialects: readonly Dialect[] = [...contracts, loginDialect, oauthDialect, problemDetails];

function statusOf(dialect: Dialect, failure: Failure): number {
  if (failure.code === 'bad_request') return failure.status;
  return (dialect === oauthDialect ? OAUTH_STATUSES[failure.code] : undefined) ?? STATUSES[failure.code];
}

describe.each(dialects)('The dialect of /$prefix', (dialect) => {
  it.each(codes)('answers %s with its status and the headers that go with it', (code) => {
    fc.assert(
      fc.property(failureOf(code), (failure) => {
        const { status, headers } = answerOf(dialect, failure);
        expect(status).toBe(statusOf(dialect, failure));
        expect('WWW-Authenticate' in headers).toBe(status === 401 && code !== 'bad_request');
        expect('Allow' in headers).toBe(code === 'method_not_allowed');
        expect('Retry-After' in headers).toBe(code === 'unavailable' || code === 'throttled');
      }),
      { numRuns: 30 },
    );
  });

  it('is a pure function', () => {
    fc.assert(
      fc.property(failures, (failure) => {
        const before = structuredClone(failure);
        expect(answerOf(dialect, failure)).toEqual(answerOf(dialect, structuredClone(failure)));
        expect(failure).toEqual(before);
      }),
    );
  });

  it('has a prefix and a contract name of its own', () => {
    expect(dialect.contract.length).toBeLessThanOrEqual(16);
    expect(dialects.filter(({ contract }) => contract === dialect.contract)).toEqual([dialect]);
    expect(dialects.filter(({ prefix }) => prefix === dialect.prefix)).toEqual([dialect]);
  });
});

const [contractA, contractB] = contracts as [Dialect, Dialect];

/** The parts of an answer that the tests below read. */
const bodyOf = (answer: Answer) => answer.body as Record<string, string>;

describe('Contract A', () => {
  it('has the fields themselves, or a detail and for tokens a code', () => {
    fc.assert(
      fc.property(failures, (failure) => {
        const body = bodyOf(answerOf(contractA, failure));
        if (failure.code === 'invalid_fields') expect(Object.keys(body)).toEqual(Object.keys(failure.fields));
        else expect(Object.keys(body)).toEqual(failure.code.startsWith('token_') ? ['detail', 'code'] : ['detail']);
      }),
    );
  });
});

describe('Contract B', () => {
  it('has a status and a reason, and names every field that is wrong', () => {
    fc.assert(
      fc.property(failures, (failure) => {
        const answer = answerOf(contractB, failure);
        const body = bodyOf(answer);
        expect(Object.keys(body)).toEqual(['status', 'reason']);
        expect(body['status'] === 'BAD REQUEST').toBe(answer.status < 500);
        if (failure.code !== 'invalid_fields') return;
        for (const field of Object.keys(failure.fields))
          expect(body['reason']).toContain(`${field.replace('firstName', 'first_name')}: `);
      }),
    );
  });
});

describe('The dialect for resource servers', () => {
  it('has an error of RFC 6749 and a description', () => {
    fc.assert(
      fc.property(failures, (failure) => {
        const body = bodyOf(answerOf(oauthDialect, failure));
        expect(Object.keys(body)).toEqual(['error', 'error_description']);
        expect(body['error']).toMatch(/^(invalid_(request|client|grant)|temporarily_unavailable|server_error)$/);
      }),
    );
  });
});
