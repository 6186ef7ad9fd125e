import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Failure } from '../src/platform/errors/failure.js';
import { problemDetails } from '../src/platform/http/dialect/problem-details.js';
import { authTokenDialect } from '../src/auth/contracts/auth-token/auth-token.presenter.js';
import { userLoginDialect } from '../src/auth/contracts/user-login/user-login.presenter.js';

const words = fc.string({ minLength: 1, maxLength: 20 });

const failure: fc.Arbitrary<Failure> = fc.oneof(
  fc.record({
    code: fc.constant('invalid_fields' as const),
    fields: fc.dictionary(
      fc.constantFrom('username', 'password', 'refresh_token'),
      fc.array(words, { minLength: 1, maxLength: 2 }),
      { minKeys: 1 },
    ),
  }),
  fc.record({
    code: fc.constantFrom(
      'invalid_credentials' as const,
      'token_missing' as const,
      'token_not_valid' as const,
      'user_exists' as const,
    ),
  }),
  fc.record({ code: fc.constant('malformed_body' as const), detail: words }),
  fc.record({
    code: fc.constantFrom(
      'not_found' as const,
      'payload_too_large' as const,
      'unsupported_media_type' as const,
      'internal' as const,
    ),
  }),
  fc.record({
    code: fc.constant('method_not_allowed' as const),
    allow: fc.array(fc.constantFrom('GET', 'POST'), { minLength: 1 }),
  }),
  fc.record({ code: fc.constant('bad_request' as const), status: fc.integer({ min: 400, max: 499 }) }),
  fc.record({
    code: fc.constantFrom('unavailable' as const, 'throttled' as const),
    retryAfter: fc.integer({ min: 1, max: 60 }),
  }),
);

describe.each([authTokenDialect, userLoginDialect, problemDetails])('the dialect of /$prefix', (dialect) => {
  it('answers every failure with an error status and the headers that go with it', () => {
    fc.assert(
      fc.property(failure, (any) => {
        const { status, headers } = dialect.present(any);
        expect(status).toBeGreaterThanOrEqual(400);
        expect(status).toBeLessThan(600);
        expect('WWW-Authenticate' in headers).toBe(status === 401 && any.code !== 'bad_request');
        expect('Allow' in headers).toBe(any.code === 'method_not_allowed');
        expect('Retry-After' in headers).toBe(any.code === 'unavailable' || any.code === 'throttled');
      }),
    );
  });

  it('is a pure function', () => {
    fc.assert(
      fc.property(failure, (any) => {
        const before = structuredClone(any);
        expect(dialect.present(any)).toEqual(dialect.present(structuredClone(any)));
        expect(any).toEqual(before);
      }),
    );
  });
});

describe('all dialects', () => {
  it('give a failure the same status', () => {
    fc.assert(
      fc.property(failure, (any) => {
        const statuses = [authTokenDialect, userLoginDialect, problemDetails].map(
          (dialect) => dialect.present(any).status,
        );
        expect(new Set(statuses).size).toBe(1);
      }),
    );
  });
});

describe('contract A', () => {
  it('has the fields themselves, or a detail and for tokens a code', () => {
    fc.assert(
      fc.property(failure, (any) => {
        const body = authTokenDialect.present(any).body as Record<string, unknown>;
        if (any.code === 'invalid_fields') expect(body).toEqual(any.fields);
        else expect(Object.keys(body)).toEqual(any.code.startsWith('token_') ? ['detail', 'code'] : ['detail']);
      }),
    );
  });
});

describe('contract B', () => {
  it('has a status and a reason, and names every field that is wrong', () => {
    fc.assert(
      fc.property(failure, (any) => {
        const { status, body } = userLoginDialect.present(any);
        expect(Object.keys(body as object)).toEqual(['status', 'reason']);
        const words = body as { status: string; reason: string };
        expect(words.status === 'BAD REQUEST').toBe(status < 500);
        if (any.code === 'invalid_fields')
          for (const field of Object.keys(any.fields)) expect(words.reason).toContain(`${field}: `);
      }),
    );
  });
});
