import { describe, expect, it } from 'vitest';
import { Clock } from '../../platform/clock/clock.js';
import { FailureError } from '../../platform/errors/failure.error.js';
import { RefreshTokens } from './refresh-tokens.js';

const SECRET = 'a secret that only this test knows, long enough';
const SESSION = {
  id: '0191e7a4-5c6d-7e8f-9a0b-1c2d3e4f5a6b',
  userId: '0191e7a4-0000-7000-8000-000000000001',
  refreshCounter: 3,
  refreshedAt: 1_800_000_000_123,
  expiresAt: 1_800_604_800_123,
};
/** Signed by version 1 for that secret and session. */
const TOKEN =
  'eyJhbGciOiJIUzI1NiIsInR5cCI6InJ0K2p3dCJ9.' +
  'eyJzdWIiOiIwMTkxZTdhNC0wMDAwLTcwMDAtODAwMC0wMDAwMDAwMDAwMDEiLCJzaWQiOiIwMTkxZTdhNC01YzZkLTdlOGYtOWEwYi0x' +
  'YzJkM2U0ZjVhNmIiLCJjb3VudGVyIjozLCJpYXQiOjE4MDAwMDAwMDAsImV4cCI6MTgwMDYwNDgwMCwidG9rZW5fdHlwZSI6InJlZnJl' +
  'c2gifQ.' +
  'xykEY8BHkTEWBF8Y8avvN_BkK0I98ocPXVLT0-dglj4';

class FixedClock extends Clock {
  override now = () => SESSION.refreshedAt;
}
const tokensOf = (AUTH_SECRET: string, AUTH_SECRET_PREVIOUS?: string) =>
  new RefreshTokens(new FixedClock(), { AUTH_SECRET, AUTH_SECRET_PREVIOUS });

describe('RefreshTokens', () => {
  it('signs the same text for the same session as earlier versions did', () => {
    expect(tokensOf(SECRET).sign(SESSION)).toBe(TOKEN);
  });

  it('reads a token that an earlier version signed', () => {
    expect(tokensOf(SECRET).verify(TOKEN)).toEqual({
      sid: SESSION.id,
      sub: SESSION.userId,
      counter: 3,
      iat: 1_800_000_000,
      exp: 1_800_604_800,
    });
  });

  it('accepts and repeats a token of the previous secret, and signs new ones with the present secret', () => {
    const tokens = tokensOf('another secret, that came after the first one', SECRET);
    const session = { ...SESSION, refreshHash: tokens.digest(TOKEN) };
    expect(tokens.verify(TOKEN).counter).toBe(3);
    expect(tokens.signAgain(session)).toBe(TOKEN);
    expect(tokens.sign(SESSION)).not.toBe(TOKEN);
  });

  it.each<[string, (tokens: RefreshTokens) => unknown]>([
    ['a token of a secret that is gone', () => tokensOf('another secret, that came after the first one').verify(TOKEN)],
    ['a token with one more character', (tokens) => tokens.verify(`${TOKEN}A`)],
    ['a token with padding', (tokens) => tokens.verify(`${TOKEN}=`)],
    ['a token without its signature', (tokens) => tokens.verify(TOKEN.slice(0, TOKEN.lastIndexOf('.') + 1))],
    ['a token with a fourth part', (tokens) => tokens.verify(`${TOKEN}.AAAA`)],
    ['a text that is no token', (tokens) => tokens.verify('x')],
    ['an empty text', (tokens) => tokens.verify('')],
  ])('refuses %s', (_, verify) => {
    expect(() => verify(tokensOf(SECRET))).toThrow(FailureError);
  });
});
