import { isEmail } from 'class-validator';
import { caseFold } from './case-folding.js';

const MAX_USERNAME = 150;
const MAX_EMAIL = 254;
/**
 * UTF-16 units of a name as typed, without outer white space. A character of the normal form has at most five: in «ᾂ», a letter of
 * two for mathematics, and three marks. Longer texts are not normalized, since ordering marks takes time by the square of their number.
 */
const MAX_TYPED_UNITS = 5 * MAX_EMAIL;
/** UTF-16 units of a name in its normalized form. */
const MAX_UNITS = 2 * MAX_EMAIL;

/** The key of a text that is too long for a name. No account has it. */
const NO_KEY = '';

const USERNAME = /^[\p{L}\p{M}\p{Nd}_.@+-]+$/u;
/** Control, unassigned, white-space and invisible characters, some of which are letters or marks to Unicode. */
const UNSEEN = /[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}]/u;

/**
 * A name as it is shown: compatibility forms such as full-width letters are unified (NFKC), outer white space is dropped.
 * A text that is too long for a name stays too long, and may stay as it is otherwise.
 */
export function normalizeName(text: string): string {
  const trimmed = text.trim();
  return trimmed.length > MAX_TYPED_UNITS ? trimmed : trimmed.normalize('NFKC').trim();
}

/**
 * What names are compared by: two names are the same account's if and only if their keys are equal.
 * Compatibility caseless matching of the Unicode Standard, definition D146.
 * @param name in its normalized form
 */
export function nameKey(name: string): string {
  if (name.length > MAX_UNITS) return NO_KEY;
  const folded = caseFold(name.normalize('NFD')).normalize('NFKC');
  return caseFold(folded).normalize('NFKC');
}

/** Characters as a person counts them, roughly: code points, not UTF-16 units. */
export function lengthOf(text: string): number {
  return Array.from(text).length;
}

/** Whether a login name is looked up among the emails. */
export function isEmailName(name: string): boolean {
  return name.includes('@');
}

/** @param name in its normalized form */
export function usernameProblems(name: string): string[] {
  if (lengthOf(name) > MAX_USERNAME) return [`at most ${MAX_USERNAME} characters are allowed`];
  if (!USERNAME.test(name) || UNSEEN.test(name)) return ['only letters, digits and _ . @ + - are allowed'];
  return isEmailName(name) ? emailProblems(name) : [];
}

/** @param email in its normalized form */
export function emailProblems(email: string): string[] {
  if (lengthOf(email) > MAX_EMAIL) return [`at most ${MAX_EMAIL} characters are allowed`];
  return isEmail(email) && !UNSEEN.test(email) ? [] : ['not a valid email address'];
}

/** First and last names: free text on one line, or nothing. */
export function personalNameProblems(name: string): string[] {
  if (lengthOf(name) > MAX_USERNAME) return [`at most ${MAX_USERNAME} characters are allowed`];
  return /\p{Cc}/u.test(name) ? ['control characters are not allowed'] : [];
}
