import { describe, expect, it } from 'vitest';
import { type Standing, standingOf } from './standing.js';

const NOW = 1_800_000_000_000;
const WINDOW = 30_000;
const EXP = NOW / 1000 + 100;

const SESSION = { userId: 'user', refreshCounter: 5, refreshHash: 'current hash', refreshedAt: NOW - 10_000 };
const CURRENT = { sub: 'user', counter: 5, exp: EXP, digest: 'current hash' };
const PREVIOUS = { sub: 'user', counter: 4, exp: EXP, digest: 'previous hash' };

interface Token {
  sub: string | undefined;
  counter: number;
  exp: number;
  digest: string;
}

const standing = ({ digest, ...claims }: Token, session: Partial<typeof SESSION> = {}, windowMs = WINDOW) =>
  standingOf({ claims, digest }, { ...SESSION, ...session }, windowMs, NOW);

describe('standingOf', () => {
  it.each<[Standing, string, Token, Partial<typeof SESSION>?, number?]>([
    ['current', 'the current token', CURRENT],
    ['current', 'the first token of a session', { ...CURRENT, counter: 0 }, { refreshCounter: 0 }],
    ['current', 'a current token without an account', { ...CURRENT, sub: undefined }],
    ['current', 'a current token a second before its end', { ...CURRENT, exp: NOW / 1000 + 1 }],
    ['current', 'a current token without a replay window', CURRENT, {}, 0],
    ['current', 'a current token that was made long ago', CURRENT, { refreshedAt: 0 }],

    ['expired', 'a current token at its end', { ...CURRENT, exp: NOW / 1000 }],
    ['expired', 'a current token a second after its end', { ...CURRENT, exp: NOW / 1000 - 1 }],
    ['expired', 'a token of the current counter past its end, with any hash', { ...CURRENT, exp: 0, digest: 'x' }],

    ['previous', 'the parent inside the window', PREVIOUS],
    ['previous', 'the parent without an account', { ...PREVIOUS, sub: undefined }],
    ['previous', 'the parent in the moment of its rotation', PREVIOUS, { refreshedAt: NOW }],
    ['previous', 'the parent a millisecond before the window ends', PREVIOUS, { refreshedAt: NOW - WINDOW + 1 }],
    ['previous', 'the parent inside the window, past its own end', { ...PREVIOUS, exp: 0 }],
    ['previous', 'the parent by the clock of a replica that is behind', PREVIOUS, { refreshedAt: NOW + 1000 }],

    ['replayed', 'the parent as the window ends', PREVIOUS, { refreshedAt: NOW - WINDOW }],
    ['replayed', 'the parent without a replay window', PREVIOUS, { refreshedAt: NOW }, 0],
    ['replayed', 'the parent after the window, past its own end', { ...PREVIOUS, exp: 0 }, { refreshedAt: 0 }],
    ['replayed', 'the grandparent inside the window', { ...PREVIOUS, counter: 3 }],
    ['replayed', 'the first token of an old session', { ...PREVIOUS, counter: 0 }],

    ['unknown', 'a token of another account', { ...CURRENT, sub: 'another' }],
    ['unknown', 'a parent of another account', { ...PREVIOUS, sub: 'another' }],
    ['unknown', 'an old token of another account', { ...PREVIOUS, sub: 'another', counter: 0 }],
    ['unknown', 'an expired token of another account', { ...CURRENT, sub: 'another', exp: 0 }],
    ['unknown', 'a counter that is one ahead', { ...CURRENT, counter: 6 }],
    ['unknown', 'a counter that is far ahead', { ...CURRENT, counter: Number.MAX_SAFE_INTEGER }],
    ['unknown', 'the current counter with another hash', { ...CURRENT, digest: 'another hash' }],
  ])('gives %s for %s', (expected, _, token, session, windowMs) => {
    expect(standing(token, session, windowMs)).toBe(expected);
  });
});
