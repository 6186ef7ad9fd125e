import { createHash } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import { dictionary } from '@zxcvbn-ts/language-common';

/** Words of examples, tutorials and placeholders: secrets made of them are known to everybody. */
const WELL_KNOWN =
  'auth authentication bit change changeit changeme changethis cookie default development enter env example for foobar generate here insert ' +
  'jwt key keyboard latchkey long nestjs own passphrase passw0rd password placeholder please private production random refresh replace ' +
  'replaceme sample secret session shared sign signing string super superlong test testing the this token top use value very with you your ' +
  'qwertyuiop wertyuiop asdfghjkl zxcvbnm 1234567890 0123456789 abcdef fedcba';
const COMMON = dictionary['passwords-common'].map(String);

const MIN_CHARACTERS = 32;
const MIN_DISTINCT = 9;
/** Characters that must be left of a secret without the words in it, and bytes without its repetitions: 24 random ones are 96 bits or more. */
const MIN_UNKNOWN = 24;
/** Shorter ones of the common passwords are in many a random secret. */
const MIN_COMMON = 5;
const LONGEST = 20;

/** Names of digests by how many bytes they have. */
const DIGESTS: Readonly<Record<number, string>> = { 16: 'md5', 20: 'sha1', 32: 'sha256', 64: 'sha512' };
/** How many of the most common passwords may hide behind a digest. */
const HASHED = 1_000;

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

/** Why a secret must not be used, or undefined for a good one. Says nothing of its content. */
export function weaknessOf(secret: string): string | undefined {
  if (secret.length < MIN_CHARACTERS) return `must have at least ${MIN_CHARACTERS} characters`;
  if (new Set(secret).size < MIN_DISTINCT) return 'must be random: it repeats too few characters';
  if (decodings(secret).some(isDigestOfWord)) return 'must be random: it is the digest of a well-known word';
  const words = new Set([...WELL_KNOWN.split(' '), ...COMMON.filter(({ length }) => length >= MIN_COMMON)]);
  const texts = readings(secret);
  if (texts.some((text) => unknownIn(text, words) < MIN_UNKNOWN))
    return 'must be random: it is made of well-known words';
  if (texts.some(isPattern)) return 'must be random: it follows a pattern';
  return undefined;
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
  return [Buffer.from(text), Buffer.from(steps)].some((bytes) => deflateRawSync(bytes).length < MIN_UNKNOWN);
}

function decodings(secret: string): Buffer[] {
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
  const algorithm = DIGESTS[bytes.length];
  if (algorithm === undefined) return false;
  // As a shell's `echo` gives them, too.
  const words = [...WELL_KNOWN.split(' '), ...COMMON.slice(0, HASHED)].flatMap((word) => [word, `${word}\n`]);
  return words.some((word) => createHash(algorithm).update(word).digest().equals(bytes));
}

function rot13(text: string): string {
  return text.replaceAll(/[a-z]/g, (letter) => String.fromCharCode(((letter.charCodeAt(0) - 97 + 13) % 26) + 97));
}
