import { describe, expect, it } from 'vitest';
import { FailureError } from '../../platform/errors/failure.error.js';
import { isCanonical, readClaims } from './signed-token.js';

const NOW = 1_800_000_000;
const EXPECTED = { typ: 'at+jwt', tokenType: 'access', texts: ['sub'] } as const;
const CLAIMS = { sub: 'someone', iat: NOW - 10, exp: NOW + 10, token_type: 'access' };
const read = (claims: unknown, header: object = { typ: 'at+jwt' }, options = {}) =>
  readClaims({ header: header as Record<string, unknown>, payload: claims }, EXPECTED, NOW * 1000, options);

describe('readClaims', () => {
  it('returns the claims of a valid token', () => {
    expect(read(CLAIMS)).toEqual(CLAIMS);
  });

  it.each<[string, object]>([
    ['issued by a clock that is half a minute ahead', { iat: NOW + 29 }],
    ['that is valid from half a minute on', { nbf: NOW + 29 }],
    ['that ends in 2106', { exp: 4_294_967_296 }],
  ])('accepts a token %s', (_, change) => {
    expect(read({ ...CLAIMS, exp: NOW + 100, ...change })).toBeDefined();
  });

  it.each<[string, unknown]>([
    ['no claims', null],
    ['a string for claims', 'claims'],
    ['an array for claims', [CLAIMS]],
    ['no exp', { ...CLAIMS, exp: undefined }],
    ['exp as text', { ...CLAIMS, exp: String(NOW + 10) }],
    ['exp that is not a number', { ...CLAIMS, exp: Number.NaN }],
    ['infinite exp', { ...CLAIMS, exp: Number.POSITIVE_INFINITY }],
    ['exp with a fraction', { ...CLAIMS, exp: NOW + 0.5 }],
    ['exp now', { ...CLAIMS, exp: NOW }],
    ['exp a second ago', { ...CLAIMS, exp: NOW - 1 }],
    ['exp before iat', { ...CLAIMS, iat: NOW + 20, exp: NOW + 10 }],
    ['no iat', { ...CLAIMS, iat: undefined }],
    ['iat before 1970', { ...CLAIMS, iat: -1 }],
    ['iat in the future', { ...CLAIMS, iat: NOW + 31, exp: NOW + 100 }],
    ['nbf in the future', { ...CLAIMS, nbf: NOW + 31, exp: NOW + 100 }],
    ['nbf as text', { ...CLAIMS, nbf: '0' }],
    ['no sub', { ...CLAIMS, sub: undefined }],
    ['an empty sub', { ...CLAIMS, sub: '' }],
    ['a number for sub', { ...CLAIMS, sub: 1 }],
    ['an object for sub', { ...CLAIMS, sub: { toString: 'x' } }],
    ['no token type', { ...CLAIMS, token_type: undefined }],
    ['another token type', { ...CLAIMS, token_type: 'refresh' }],
  ])('refuses %s', (_, claims) => {
    expect(() => read(claims)).toThrow(FailureError);
  });

  it.each<[string, object]>([
    ['no type', {}],
    ['another type', { typ: 'JWT' }],
    ['critical extensions', { typ: 'at+jwt', crit: ['exp'] }],
  ])('refuses a header with %s', (_, header) => {
    expect(() => read(CLAIMS, header)).toThrow(FailureError);
  });

  it('accepts an expired token only if asked to, and never a future one', () => {
    const expired = { ...CLAIMS, iat: NOW - 100, exp: NOW - 50 };
    expect(() => read(expired)).toThrow(FailureError);
    expect(read(expired, undefined, { expired: true })).toEqual(expired);
    expect(() => read({ ...CLAIMS, iat: NOW + 60, exp: NOW + 90 }, undefined, { expired: true })).toThrow(FailureError);
  });
});

describe('isCanonical', () => {
  it.each(['YQ.Yg.Yw', '..', 'YQ.Yg.'])('accepts %s', (token) => {
    expect(isCanonical(token)).toBe(true);
  });

  it.each(['', 'YQ', 'YQ.Yg', 'YQ.Yg.Yw.ZA', 'YQ==.Yg.Yw', 'YR.Yg.Yw', 'Y Q.Yg.Yw', 'YQ.Yg.Y+', 'é.é.é', '\n.Yg.Yw'])(
    'refuses %j',
    (token) => {
      expect(isCanonical(token)).toBe(false);
    },
  );
});
