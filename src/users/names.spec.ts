import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { emailProblems, lengthOf, nameKey, normalizeName, personalNameProblems, usernameProblems } from './names.js';

/** Any text of whole characters. */
const text = fc.string({ unit: 'binary', maxLength: 40 });
/** Text that is likely to be a name: letters, marks and digits of all scripts, with the punctuation that is allowed. */
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

  it('is the same for every spelling in case and composition', () => {
    fc.assert(
      fc.property(fc.oneof(text, nameLike), (name) => {
        const key = nameKey(name);
        // Not toUpperCase on dotless i, which Unicode's case folding keeps apart from i.
        const respelled = [name.normalize('NFC'), name.normalize('NFD'), name.normalize('NFKD'), name.toLowerCase()];
        for (const spelling of respelled) expect(nameKey(spelling)).toBe(key);
      }),
    );
  });

  it('fits its column for every name that is allowed', () => {
    fc.assert(
      fc.property(nameLike, (name) => {
        const normalized = normalizeName(name);
        expect(lengthOf(nameKey(normalized))).toBeLessThanOrEqual(3 * lengthOf(normalized));
      }),
    );
  });

  it('of an allowed name is made of allowed characters, and has an @ if and only if the name has', () => {
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
  it('lets no unseen character through', () => {
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

  it('never throws and says one thing at most', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (name) => usernameProblems(normalizeName(name)).length <= 1));
  });

  it('counts characters, not code units', () => {
    expect(usernameProblems('𐐷'.repeat(150))).toEqual([]);
    expect(usernameProblems('x'.repeat(151))).toEqual([{ code: 'too_long', most: 150 }]);
  });
});

describe('emailProblems', () => {
  it.each(['a@example.com', 'a.b+c@sub.example.com', "o'brien@example.com", 'josé@example.com', 'a@exämple.com'])(
    'takes %s',
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
  it('refuses control characters and excess alone', () => {
    expect(personalNameProblems('')).toEqual([]);
    expect(personalNameProblems('Zoë O’Néill-山田 😀')).toEqual([]);
    expect(personalNameProblems('a\u0007b')).toHaveLength(1);
    expect(personalNameProblems('x'.repeat(151))).toHaveLength(1);
  });
});
