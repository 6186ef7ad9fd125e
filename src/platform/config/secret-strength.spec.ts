import { createHash, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { PUBLISHED_SECRETS } from './published-secrets.js';
import { weaknessOf } from './secret-strength.js';

const SENTENCE = 'please-change-this-super-secret-key';
const base64 = (text: string) => Buffer.from(text).toString('base64');
const digest = (algorithm: string, text: string) => createHash(algorithm).update(text);

describe('weaknessOf', () => {
  it.each([
    ['too short', 'tooShort-1234567890'],
    ['one character', 'a'.repeat(64)],
    ['a block that is repeated', 'a1B2c3D4e5F6g7'.repeat(5)],
    ['a sequence', 'abcdefghijklmnopqrstuvwxyz0123456789'],
    ['the keyboard', 'qwertyuiopasdfghjklzxcvbnm1234567890'],
    ['a tutorial', 'your-256-bit-secret-your-256-bit-secret'],
    ['a template', 'ThisIsMySuperSecretPasswordForDevelopment'],
    ['a placeholder', 'REPLACE_ME_WITH_A_LONG_RANDOM_STRING'],
    ['a common password', 'correcthorsebatterystaple' + 'password123'],
    ['well-known words in capitals', SENTENCE.toUpperCase()],
    ['with letters as digits', 'pl34s3-ch4ng3-th1s-sup3r-s3cr3t-k3y'],
    ['backwards', SENTENCE.split('').reverse().join('')],
    ['with separators', 'supersecretkeypassword'.split('').join('-')],
    ['in ROT13', 'cyrnfr-punatr-guvf-fhcre-frperg-xrl'],
    ['in base64', base64(SENTENCE)],
    ['in base64 for URLs', base64(`${SENTENCE}?>`).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')],
    ['in hexadecimal', Buffer.from(SENTENCE).toString('hex')],
    ['with escapes', SENTENCE.replaceAll(/[a-z]/g, (letter) => `%${letter.charCodeAt(0).toString(16)}`)],
    [
      'in wide letters',
      Array.from(SENTENCE.replaceAll('-', ''), (c) => String.fromCodePoint(c.charCodeAt(0) + 0xfee0)).join(''),
    ],
    ['in base64 twice', base64(base64(SENTENCE))],
    ['as the digest of nothing', digest('sha256', '').digest('hex')],
    ['as a digest of capitals', digest('sha384', 'SECRET').digest('hex')],
    ['of a tutorial', '09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7'],
    ['as a SHA-256', digest('sha256', 'secret').digest('hex')],
    ['as a SHA-256 of a line', digest('sha256', 'changeme\n').digest('hex')],
    ['as an MD5', digest('md5', 'password').digest('hex')],
    ['as a SHA-512 in base64', digest('sha512', 'letmein').digest('base64')],
  ])('refuses %s', (_, secret) => {
    expect(weaknessOf(secret)).toMatch(/^must /);
    expect(weaknessOf(secret)).not.toContain(secret);
  });

  it.each(PUBLISHED_SECRETS)('refuses %s, which is published, in whatever case and encoding', (secret) => {
    for (const text of [secret, secret.toUpperCase(), secret.replace(/=+$/, ''), base64(secret)])
      expect(weaknessOf(text), text).toMatch(/^must /);
  });

  it('has no entry in the list of published secrets that other rules refuse anyway', () => {
    expect(PUBLISHED_SECRETS.filter((secret) => weaknessOf(secret) !== 'must be random: it is published')).toEqual([]);
  });

  it.each(['hex', 'base64', 'base64url'] as const)('takes what a random generator gives in %s', (encoding) => {
    for (let i = 0; i < 50; i++) {
      const secret = randomBytes(encoding === 'hex' ? 16 + (i % 17) : 24 + (i % 25)).toString(encoding);
      expect(weaknessOf(secret), secret).toBeUndefined();
    }
  });
});
