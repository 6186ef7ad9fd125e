import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { newKeyPair, sealed, unsealed } from './key-pair.js';
import { KeySeal } from './key-seal.js';

const seal = new KeySeal('one secret');

describe('KeySeal', () => {
  it('opens what it sealed, and seals a text differently each time', () => {
    const plaintext = randomBytes(100);
    const one = seal.seal('kid', plaintext);
    expect(one).not.toBe(seal.seal('kid', plaintext));
    expect(seal.open('kid', one)).toEqual(plaintext);
    expect(new KeySeal('one secret').open('kid', one)).toEqual(plaintext);
  });

  it('refuses a text of another secret or key id, and a damaged text', () => {
    const text = seal.seal('kid', Buffer.from('plaintext'));
    expect(new KeySeal('another secret').open('kid', text)).toBeUndefined();
    expect(seal.open('other', text)).toBeUndefined();
    expect(seal.open('kid', text.slice(0, -4))).toBeUndefined();
    expect(seal.open('kid', '')).toBeUndefined();
    const bytes = Buffer.from(text, 'base64url');
    bytes[30]! ^= 1;
    expect(seal.open('kid', bytes.toString('base64url'))).toBeUndefined();
  });
});

describe('A key pair', () => {
  it('restores a key pair from its row, with its thumbprint as its id', () => {
    const pair = newKeyPair();
    const row = { generation: 1, createdAt: 0, activeFrom: 0, retiredAt: null, ...sealed(pair, seal) };
    expect(unsealed(row, new KeySeal('another secret'))).toBeUndefined();
    const again = unsealed(row, seal)!;
    expect(again.kid).toBe(pair.kid);
    expect(again.privateKey.equals(pair.privateKey)).toBe(true);
    expect(again.publicKey.equals(pair.publicKey)).toBe(true);
    expect(Object.keys(again.publicJwk).sort()).toEqual(['crv', 'kty', 'x', 'y']);
  });
});
