import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PASSWORD } from './support/accounts.js';
import { type Service, startService } from './support/service.js';

let service: Service;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.stop());

const register = (username: string, password = PASSWORD) =>
  service.client.post('/auth/register', { username, password });

/** Pairs of spellings. The verdict must not depend on how a database compares case and accents. */
const SAME: [string, string, string][] = [
  ['case', 'Case-Name', 'cASE-nAME'],
  ['case of accented letters', 'ÉCOLE', 'école'],
  ['case of Greek, final sigma included', 'ΟΔΥΣΣΕΥΣ', 'οδυσσευς'],
  ['sharp s', 'Straße', 'STRASSE'],
  ['capital sharp s', 'GROẞ', 'gross'],
  ['full width', 'ｆｕｌｌ１２', 'full12'],
  ['ligatures', 'ﬁnance', 'finance'],
  ['composed and decomposed accents', 'ame\u0301lie', 'am\u00e9lie'],
  ['outer spaces', '  outer\t', 'outer'],
  ['no-break and ideographic outer spaces', '\u00a0spaced\u3000', 'spaced'],
  ['the Kelvin sign', '\u212aelvin', 'kelvin'],
  ['the long s', 'ſmall', 'small'],
  ['superscripts', 'x²', 'x2'],
  ['case of emails', 'Mail@Example.COM', 'mail@example.com'],
  ['full width in emails', 'wide＠example.com', 'wide@example.com'],
];

const DIFFERENT: [string, string, string][] = [
  ['accents', 'resume', 'résumé'],
  ['umlauts', 'muller', 'müller'],
  ['umlauts and digraphs', 'mueller', 'müller2'],
  ['Latin and Cyrillic', 'paypal', 'pаypal'],
  ['digits and letters', 'l00k', 'look'],
  ['dotless i', 'ılk', 'ilk'],
  ['stroke', 'Łodz', 'Lodz'],
  ['eszett and beta', 'ßeta', 'βeta'],
  ['underscores and wildcards', 'a_b', 'axb'],
  ['a name and its prefix', 'prefix', 'prefixed'],
  ['kana of two scripts', 'ひらかな', 'ヒラカナ'],
  ['emails of look-alike hosts', 'who@example.com', 'who@exаmple.com'],
  ['emails with a tag', 'tag@example.com', 'tag+1@example.com'],
  ['emails with accents', 'jose@example.com', 'josé@example.com'],
];

const REFUSED: [string, string][] = [
  ['a space within', 'two words'],
  ['a no-break space within', 'two\u00a0words'],
  ['a tab within', 'two\twords'],
  ['a line feed within', 'two\nlines'],
  ['a NUL', 'nul\u0000'],
  ['a zero-width space', 'zero\u200bwidth'],
  ['a zero-width joiner', 'zero\u200dwidth'],
  ['a byte order mark within', 'bom\ufeffwithin'],
  ['a right-to-left override', 'abc\u202etxt'],
  ['a soft hyphen', 'soft\u00adhyphen'],
  ['a variation selector', 'a\ufe0f'],
  ['a Hangul filler', 'hangul\u3164filler'],
  ['a combining grapheme joiner', 'a\u034fb'],
  ['an emoji', 'smile😀'],
  ['a symbol', 'a$b'],
  ['a slash', 'a/b'],
  ['a quote', "a'b"],
  ['markup', '<b>'],
  ['a full-width apostrophe', 'a＇b'],
  ['a private use character', 'a\ue000'],
  ['a noncharacter', 'a\ufffe'],
  ['a replacement character', 'a\ufffd'],
  ['151 characters', 'x'.repeat(151)],
  ['76 ligatures of two letters', 'ﬁ'.repeat(76)],
  ['@ without an email', 'just@'],
  ['an email without a host', 'a@b'],
  ['two emails', 'a@example.com@example.com'],
];

const ACCEPTED: [string, string][] = [
  ['150 characters', 'x'.repeat(150)],
  ['150 astral letters', '𐐷'.repeat(150)],
  ['150 letters that fold to three', 'ΐ'.repeat(150)],
  ['one character', 'é'],
  ['every allowed punctuation character', '_.+-'],
  ['digits', '20261121'],
  ['Arabic, with vowel marks', 'مُحَمَّد'],
  ['Devanagari', 'हिन्दी'],
  ['Chinese', '山田太郎'],
  ['Hebrew', 'שָׁלוֹם'],
  ['Thai', 'สวัสดี'],
];

describe('The rules for names', () => {
  it.each(SAME)('treat as the same name: %s', async (_, one, two) => {
    expect((await register(one)).status).toBe(201);
    expect((await register(two)).status).toBe(409);
    expect((await service.client.post('/auth/token', { username: two, password: PASSWORD })).status).toBe(200);
    expect((await service.client.post('/user/login', { username: one, password: PASSWORD })).status).toBe(201);
  });

  it.each(DIFFERENT)('treat as different names: %s', async (_, one, two) => {
    expect((await register(one, `${PASSWORD} one`)).status).toBe(201);
    expect((await register(two, `${PASSWORD} two`)).status).toBe(201);
    expect((await service.client.post('/auth/token', { username: one, password: `${PASSWORD} two` })).status).toBe(401);
    expect((await service.client.post('/auth/token', { username: two, password: `${PASSWORD} one` })).status).toBe(401);
    const login = await service.client.post('/auth/token', { username: two, password: `${PASSWORD} two` });
    expect((await service.client.get('/auth/getuser', login.body.access as string)).body).toEqual({ username: two });
  });

  it.each(REFUSED)('refuse %s', async (_, username) => {
    const reply = await register(username);
    expect(reply.status).toBe(400);
    expect(Object.keys(reply.body as object)).toEqual(['username']);
  });

  it.each(ACCEPTED)('accept %s', async (_, username) => {
    expect((await register(username)).status).toBe(201);
    const login = await service.client.post('/auth/token', { username, password: PASSWORD });
    expect((await service.client.get('/auth/getuser', login.body.access as string)).body).toEqual({
      username: username.normalize('NFKC'),
    });
  });
});
