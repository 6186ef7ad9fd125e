import { Inject, Injectable } from '@nestjs/common';
import { dictionary } from '@zxcvbn-ts/language-common';
import { CONFIG, type Config } from '../platform/config/config.js';
import type { FieldProblem } from '../platform/errors/field-problems.js';
import { lengthOf, nameKey, normalizeName } from '../users/names.js';
import { isSequence, repeatedPart } from './guessable.js';

const MAX_BYTES = 1024;
/** UTF-16 units as typed: three units become at least two bytes in NFC, as in «ΐ». */
const MAX_TYPED_UNITS = (MAX_BYTES * 3) / 2;

/** Names of the service itself. */
const OWN_WORDS = ['latchkey'];

/** The names of an account that others know. */
export interface AccountNames {
  readonly username: string;
  readonly email: string | null;
}

/**
 * Decides which passwords may be chosen (NIST SP 800-63B section 5.1.1.2, OWASP ASVS 6.1.2 and
 * 6.2.11). The length and a blocklist with the words of the context decide. There are no rules of
 * composition.
 */
@Injectable()
export class PasswordPolicy {
  private readonly common: ReadonlySet<string>;
  private readonly context: ReadonlySet<string>;

  constructor(@Inject(CONFIG) private readonly config: Config) {
    this.common = commonPasswords(config.PASSWORD_MIN_LENGTH);
    this.context = new Set(
      [...OWN_WORDS, ...config.PASSWORD_CONTEXT_WORDS, ...wordsOfHost(config.ISSUER)].map(bareWord),
    );
  }

  /**
   * Returns what is wrong with a password.
   * @param names of the account that the password is for, normalized
   */
  problems(password: string, names: AccountNames): FieldProblem[] {
    if (password.length > MAX_TYPED_UNITS) return [{ code: 'too_many_bytes', most: MAX_BYTES }];
    const normalized = normalizePassword(password);
    const { PASSWORD_MIN_LENGTH, PASSWORD_BLOCKLIST } = this.config;
    if (lengthOf(normalized) < PASSWORD_MIN_LENGTH) return [{ code: 'too_short', least: PASSWORD_MIN_LENGTH }];
    if (Buffer.byteLength(normalized) > MAX_BYTES) return [{ code: 'too_many_bytes', most: MAX_BYTES }];
    if (!PASSWORD_BLOCKLIST) return [];
    if (this.isCommon(normalized.toLowerCase())) return [{ code: 'too_common' }];
    return this.isName(normalized, names) ? [{ code: 'names_account' }] : [];
  }

  /** A repeated text is as weak as the text itself, however long. */
  private isCommon(text: string): boolean {
    if (this.common.has(text) || isSequence(text)) return true;
    const part = repeatedPart(text);
    return part !== undefined && (lengthOf(part) < this.config.PASSWORD_MIN_LENGTH || this.isCommon(part));
  }

  private isName(password: string, { username, email }: AccountNames): boolean {
    const word = bareWord(repeatedPart(password) ?? password);
    if (word === '') return false;
    if (this.context.has(word)) return true;
    const names = [username, ...[username, email ?? ''].flatMap((name) => [name, localPartOf(name)])];
    return names.some((name) => name !== '' && bareWord(name) === word);
  }
}

/**
 * Returns a password in NFC, so that it is the same when typed on another keyboard. Never trims or
 * cuts it. A text longer than any password may be stays as it is, since normalizing takes quadratic
 * time.
 */
export function normalizePassword(password: string): string {
  return password.length > MAX_TYPED_UNITS ? password : password.normalize('NFC');
}

/** Returns the most common passwords in lower case, without those that are too short anyway. */
function commonPasswords(minLength: number): ReadonlySet<string> {
  const common = dictionary['passwords-common'].map(String).filter((password) => password.length >= minLength);
  return new Set(common.map((password) => password.toLowerCase()));
}

/** Returns the host of a URL and its parts: `login.example.com`, `login` and `example`. */
function wordsOfHost(url: string): string[] {
  const { hostname } = new URL(url);
  return [hostname, ...hostname.split('.').filter(({ length }) => length > 2)];
}

function localPartOf(email: string): string {
  return email.slice(0, Math.max(0, email.lastIndexOf('@')));
}

/**
 * Returns the letters and digits as names are compared, without digits at the end: `Bob.Smith-2024`
 * gives `bobsmith`.
 */
function bareWord(text: string): string {
  const word = nameKey(normalizeName(text)).replaceAll(/[^\p{L}\p{M}\p{N}]/gu, '');
  return withoutDigits(word) || word;
}

/** A loop, since a pattern for digits at the end takes quadratic time on digits before a letter. */
function withoutDigits(word: string): string {
  let end = word.length;
  while (end > 0 && /\p{Nd}/u.test(word.charAt(end - 1))) end -= 1;
  return word.slice(0, end);
}
