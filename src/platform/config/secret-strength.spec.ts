import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { PUBLISHED_SECRETS } from './published-secrets.js';
import { weaknessOf } from './secret-strength.js';

describe('weaknessOf', () => {
  it.each([
    ['too short', 'tooShort-1234567890', 'at least 32 characters'],
    ['one character', 'a'.repeat(64), 'repeat a few characters'],
    ['eight characters', 'changeme-changeme-changeme-changeme', 'repeat a few characters'],
    ['the alphabet', 'abcdefghijklmnopqrstuvwxyz0123456789', 'placeholder'],
    ['the keyboard', 'qwertyuiopasdfghjklzxcvbnm1234567890', 'placeholder'],
    ['a tutorial', 'your-256-bit-secret-your-256-bit-secret', 'placeholder'],
    ['a template', 'ThisIsMySuperSecretPasswordForDevelopment', 'placeholder'],
    ['an instruction', 'REPLACE_ME_WITH_A_LONG_RANDOM_STRING', 'placeholder'],
    ['a common password', 'correcthorsebatterystaple' + 'password123', 'placeholder'],
    ['words with separators', 'supersecretkeypassword'.split('').join('-'), 'placeholder'],
  ])('refuses %s, and says how to make a secret', (_, secret, reason) => {
    expect(weaknessOf(secret)).toContain(reason);
    expect(weaknessOf(secret)).toContain('openssl rand -base64 48');
    expect(weaknessOf(secret)).not.toContain(secret);
  });

  it.each(PUBLISHED_SECRETS)('refuses %s, which is published, in any case', (secret) => {
    for (const text of [secret, secret.toUpperCase(), secret.replace(/=+$/, '')])
      expect(weaknessOf(text), text).toContain('published');
  });

  it.each(['hex', 'base64', 'base64url'] as const)('accepts random bytes in %s', (encoding) => {
    for (let i = 0; i < 50; i++) {
      const secret = randomBytes(encoding === 'hex' ? 16 + (i % 17) : 24 + (i % 25)).toString(encoding);
      expect(weaknessOf(secret), secret).toBeUndefined();
    }
  });
});
