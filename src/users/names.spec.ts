import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { emailProblems, lengthOf, nameKey, normalizeName, personalNameProblems, usernameProblems } from './names.js';

/** Any text of whole characters. */
const text = fc.string({ unit: 'binary', maxLength: 40 });
/**
 * Text that is likely to be a valid name: letters, marks and digits of all scripts, and the allowed
 * punctuation.
 */
const nameLike = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '_',
        '.',
        '+',
        '-',
        'ß',
        'ẞ',
        'İ',
        'ı',
        'ſ',
        'ς',
        'Σ',
        'ﬁ',
        'ǅ',
        'ͅ',
        'ᾳ',
        'ΐ',
        'K',
        'Å',
        'e\u0301',
        '\u0345',
      ),
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }),
    ),
    { minLength: 1, maxLength: 20 },
  )
  .map((parts) => parts.join(''));

describe('normalizeName', () => {
  it('changes nothing a second time', () => {
    fc.assert(
      fc.property(fc.oneof(text, nameLike), (name) => normalizeName(normalizeName(name)) === normalizeName(name)),
    );
  });
});

describe('nameKey', () => {
  it('changes nothing a second time', () => {
    fc.assert(fc.property(fc.oneof(text, nameLike), (name) => nameKey(nameKey(name)) === nameKey(name)));
  });

  it('gives one key for every spelling in case and composition', () => {
    fc.assert(
      fc.property(fc.oneof(text, nameLike), (name) => {
        const key = nameKey(name);
        // Without toUpperCase: it maps the dotless i to I, which Unicode's case folding keeps
        // apart.
        const respelled = [name.normalize('NFC'), name.normalize('NFD'), name.normalize('NFKD'), name.toLowerCase()];
        for (const spelling of respelled) expect(nameKey(spelling)).toBe(key);
      }),
    );
  });

  it('makes a key that fits its column for every allowed name', () => {
    fc.assert(
      fc.property(nameLike, (name) => {
        const normalized = normalizeName(name);
        expect(lengthOf(nameKey(normalized))).toBeLessThanOrEqual(3 * lengthOf(normalized));
      }),
    );
  });

  it('makes a key of allowed characters, with an @ if and only if the name has one', () => {
    fc.assert(
      fc.property(fc.oneof(text, nameLike), (name) => {
        const normalized = normalizeName(name);
        fc.pre(usernameProblems(normalized).length === 0);
        expect(nameKey(normalized)).toMatch(/^[\p{L}\p{M}\p{Nd}_.@+-]+$/u);
        expect(nameKey(normalized).includes('@')).toBe(normalized.includes('@'));
      }),
    );
  });
});

describe('usernameProblems', () => {
  it('refuses every invisible character', () => {
    const unseen = fc.constantFrom(
      '\u0000',
      '\u200b',
      '\u200d',
      '\u202e',
      '\u00ad',
      '\ufe0f',
      '\u3164',
      '\u115f',
      '\u180b',
      '\u034f',
      '\u{e0001}',
      '\u2028',
      '\u0085',
    );
    fc.assert(
      fc.property(nameLike, unseen, nameLike, (before, character, after) => {
        expect(usernameProblems(normalizeName(`a${before}${character}${after}a`))).not.toEqual([]);
      }),
    );
  });

  it('never throws, and names at most one problem', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (name) => usernameProblems(normalizeName(name)).length <= 1));
  });

  it('counts characters, not code units', () => {
    expect(usernameProblems('𐐷'.repeat(150))).toEqual([]);
    expect(usernameProblems('x'.repeat(151))).toEqual([{ code: 'too_long', most: 150 }]);
  });
});

describe('emailProblems', () => {
  it.each(['a@example.com', 'a.b+c@sub.example.com', "o'brien@example.com", 'josé@example.com', 'a@exämple.com'])(
    'accepts %s',
    (email) => {
      expect(emailProblems(email)).toEqual([]);
    },
  );

  it.each([
    '',
    'a',
    'a@',
    '@example.com',
    'a@b',
    'a b@example.com',
    'a@example.com ',
    'a@@example.com',
    'a\u200b@example.com',
    'a@exa\u200bmple.com',
    '"a"@example',
    'a@example.com\u0000',
    `${'a'.repeat(300)}@example.com`,
  ])('refuses %j', (email) => {
    expect(emailProblems(email)).toHaveLength(1);
  });
});

describe('personalNameProblems', () => {
  it('refuses only control characters and long texts', () => {
    expect(personalNameProblems('')).toEqual([]);
    expect(personalNameProblems('Zoë O’Néill-山田 😀')).toEqual([]);
    expect(personalNameProblems('a\u0007b')).toHaveLength(1);
    expect(personalNameProblems('x'.repeat(151))).toHaveLength(1);
  });
});
