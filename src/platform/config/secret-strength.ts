import { createHash } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import { dictionary } from '@zxcvbn-ts/language-common';
import { PUBLISHED_SECRETS } from './published-secrets.js';

/** Words of examples, tutorials and placeholders: secrets made of them are known to everybody. */
const WELL_KNOWN =
  'auth authentication bit change changeit changeme changethis cookie default development enter env example for foobar generate here insert ' +
  'jwt key keyboard latchkey long nestjs own passphrase passw0rd password placeholder please private production random refresh replace ' +
  'replaceme sample secret session shared sign signing string super superlong test testing the this token top use value very with you your ' +
  'qwertyuiop wertyuiop asdfghjkl zxcvbnm 1234567890 0123456789 abcdef fedcba';
const COMMON = dictionary['passwords-common'].map(String);

const MIN_CHARACTERS = 32;
const MIN_DISTINCT = 9;
/** Characters that must be left of a secret without the words in it, half of the shortest: chance leaves far more. */
const MIN_UNKNOWN = 16;
/** Bytes that must be left of it without its repetitions. */
const MIN_COMPRESSED = 24;
/** Shorter ones of the common passwords are in many a random secret. */
const MIN_COMMON = 5;
const LONGEST = 20;

/** Names of digests by how many bytes they have. */
const DIGESTS: Readonly<Record<number, readonly string[]>> = {
  16: ['md5'],
  20: ['sha1'],
  28: ['sha224'],
  32: ['sha256', 'sha3-256'],
  48: ['sha384'],
  64: ['sha512', 'sha3-512'],
};
/** How many of the most common passwords may hide behind a digest. */
const HASHED = 200;

const LETTERS_OF_DIGITS: Readonly<Record<string, string>> = {
  0: 'o',
  1: 'i',
  3: 'e',
  4: 'a',
  5: 's',
  7: 't',
  '@': 'a',
  $: 's',
};

const PUBLISHED = new Set(PUBLISHED_SECRETS.map(bare));

/** Why a secret must not be used, or undefined for a good one. Says nothing of its content. */
export function weaknessOf(secret: string): string | undefined {
  if (secret.length < MIN_CHARACTERS) return `must have at least ${MIN_CHARACTERS} characters`;
  if (new Set(secret).size < MIN_DISTINCT) return 'must be random: it repeats too few characters';
  if (isPublished(secret)) return 'must be random: it is published';
  if (decodings(secret).some(isDigestOfWord)) return 'must be random: it is the digest of a well-known word';
  const words = new Set([...WELL_KNOWN.split(' '), ...COMMON.filter(({ length }) => length >= MIN_COMMON)]);
  const texts = readings(secret);
  if (texts.some((text) => unknownIn(text, words) < MIN_UNKNOWN))
    return 'must be random: it is made of well-known words';
  if (texts.some(isPattern)) return 'must be random: it follows a pattern';
  return undefined;
}

/** As printed or encoded, in letters of whatever case. */
function isPublished(secret: string): boolean {
  return [secret, ...decodings(secret).map((bytes) => bytes.toString('latin1'))].some((text) =>
    PUBLISHED.has(bare(text)),
  );
}

/** A text without what copies of it differ in: case, and the padding of base64. */
function bare(text: string): string {
  return text.trim().toLowerCase().replaceAll('=', '');
}

/** A secret as it stands, and what it may be in disguise; in small letters. */
function readings(secret: string): string[] {
  const plain = secret.normalize('NFKC').toLowerCase();
  const joined = plain.replaceAll(/[^\p{L}\p{N}]/gu, '');
  // What is random is no text.
  const texts = decodings(secret).map((bytes) => bytes.toString('latin1').toLowerCase());
  return [
    ...[plain, joined, rot13(joined), joined.split('').reverse().join('')],
    plain.replaceAll(/[013457@$]/g, (sign) => LETTERS_OF_DIGITS[sign] ?? sign),
    ...texts.filter((text) => text.length >= MIN_DISTINCT && /^[\t\n\r -~]*$/.test(text)),
  ];
}

/** How many characters of a text belong to no known word. */
function unknownIn(text: string, words: ReadonlySet<string>): number {
  let unknown = 0;
  for (let at = 0; at < text.length;) {
    let length = Math.min(LONGEST, text.length - at);
    while (length > 0 && !words.has(text.slice(at, at + length))) length -= 1;
    if (length === 0 && /[\p{L}\p{N}]/u.test(text[at] ?? '')) unknown += 1;
    at += Math.max(1, length);
  }
  return unknown;
}

/** Whether a text, or the steps from each character to the next, are little more than repetition. */
function isPattern(text: string): boolean {
  const codes = Array.from(text, (character) => character.codePointAt(0) ?? 0);
  const steps = codes.map((code, i) => (code - (codes[i - 1] ?? 0)) & 255);
  return [Buffer.from(text), Buffer.from(steps)].some((bytes) => deflateRawSync(bytes).length < MIN_COMPRESSED);
}

/** What a secret may be the hexadecimal, base64 or URL encoding of; twice encoded, too. */
function decodings(secret: string): Buffer[] {
  const once = decodingsOf(secret);
  return [...once, ...once.flatMap((bytes) => decodingsOf(bytes.toString('latin1')))];
}

function decodingsOf(secret: string): Buffer[] {
  const decoded: Buffer[] = [];
  if (/^([0-9a-f]{2})+$/i.test(secret)) decoded.push(Buffer.from(secret, 'hex'));
  if (/^[\w+/-]+={0,2}$/.test(secret)) decoded.push(Buffer.from(secret, 'base64'));
  if (secret.includes('%')) decoded.push(Buffer.from(secret.replaceAll(/%([0-9a-f]{2})/gi, byteOf), 'latin1'));
  return decoded;
}

function byteOf(_: string, hex: string): string {
  return String.fromCharCode(Number.parseInt(hex, 16));
}

function isDigestOfWord(bytes: Buffer): boolean {
  const algorithms = DIGESTS[bytes.length] ?? [];
  if (algorithms.length === 0) return false;
  const words = ['', ...WELL_KNOWN.split(' '), ...COMMON.slice(0, HASHED)];
  // As a shell's `echo` gives them, too.
  const texts = words.flatMap((word) => [word, `${word}\n`, word.toUpperCase(), capitalized(word)]);
  return algorithms.some((name) => texts.some((text) => createHash(name).update(text).digest().equals(bytes)));
}

function capitalized(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1);
}

function rot13(text: string): string {
  return text.replaceAll(/[a-z]/g, (letter) => String.fromCharCode(((letter.charCodeAt(0) - 97 + 13) % 26) + 97));
}
