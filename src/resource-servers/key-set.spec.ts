import { describe, expect, it } from 'vitest';
import { newKeyPair } from '../keys/key-pair.js';
import { KeySets, matchesEtag } from './key-set.js';

describe('KeySets', () => {
  it('builds a key set once for the same keys, and again for other keys', () => {
    const [first, second] = [newKeyPair(), newKeyPair()];
    const keySets = new KeySets();
    const set = keySets.of([first]);
    expect(keySets.of([first])).toBe(set);
    const both = keySets.of([second, first]);
    expect(both.etag).not.toBe(set.etag);
    expect(JSON.parse(both.body)).toMatchObject({ keys: [{ kid: second.kid }, { kid: first.kid }] });
    expect(keySets.of([first])).toEqual(set);
  });
});

describe('matchesEtag', () => {
  it.each<[string | undefined, boolean]>([
    [undefined, false],
    ['', false],
    ['"a"', true],
    ['W/"a"', true],
    ['*', true],
    ['"b", "a"', true],
    ['"b" ,\t"a" ', true],
    ['"b",,"a"', true],
    ['"b"', false],
    ['a', false],
    ['"A"', false],
    ['w/"a"', false],
    ['W/ "a"', false],
  ])('answers whether %s matches the tag "a": %s', (header, matches) => {
    expect(matchesEtag(header, '"a"')).toBe(matches);
  });
});
