import { isEmail } from 'class-validator';
import type { FieldProblem } from '../platform/errors/field-problems.js';
import { caseFold } from './case-folding.js';

const MAX_USERNAME = 150;
const MAX_EMAIL = 254;
/**
 * Most UTF-16 units of a name as typed, without outer white space. A character of the normal form
 * is made from at most five: «ᾂ» from a mathematical letter of two units and three marks. Longer
 * texts are not normalized, since ordering marks takes quadratic time.
 */
const MAX_TYPED_UNITS = 5 * MAX_EMAIL;
/** Most UTF-16 units of a name in its normalized form. */
const MAX_UNITS = 2 * MAX_EMAIL;

/** The key of every text that is too long for a name. No account has it. */
const NO_KEY = '';

const USERNAME = /^[\p{L}\p{M}\p{Nd}_.@+-]+$/u;
/**
 * Control, unassigned, white-space and invisible characters. Unicode counts some of these as
 * letters or marks.
 */
const UNSEEN = /[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}]/u;

/**
 * Returns a name as it is shown: compatibility forms such as full-width letters are unified (NFKC),
 * outer white space is dropped. A text that is too long for a name stays too long.
 */
export function normalizeName(text: string): string {
  const trimmed = text.trim();
  return trimmed.length > MAX_TYPED_UNITS ? trimmed : trimmed.normalize('NFKC').trim();
}

/**
 * Returns the key that names are compared by: two names belong to one account if and only if their
 * keys are equal. Compatibility caseless matching of the Unicode Standard, definition D146.
 * @param name in its normalized form
 */
export function nameKey(name: string): string {
  if (name.length > MAX_UNITS) return NO_KEY;
  const folded = caseFold(name.normalize('NFD')).normalize('NFKC');
  return caseFold(folded).normalize('NFKC');
}

/** Counts characters roughly as a person does: code points, not UTF-16 units. */
export function lengthOf(text: string): number {
  return Array.from(text).length;
}

/** Tells whether a login name is looked up as an email. */
export function isEmailName(name: string): boolean {
  return name.includes('@');
}

/** Returns what is wrong with a username. @param name in its normalized form */
export function usernameProblems(name: string): FieldProblem[] {
  if (lengthOf(name) > MAX_USERNAME) return [{ code: 'too_long', most: MAX_USERNAME }];
  if (!USERNAME.test(name) || UNSEEN.test(name)) return [{ code: 'forbidden_characters' }];
  return isEmailName(name) ? emailProblems(name) : [];
}

/** Returns what is wrong with an email. @param email in its normalized form */
export function emailProblems(email: string): FieldProblem[] {
  if (lengthOf(email) > MAX_EMAIL) return [{ code: 'too_long', most: MAX_EMAIL }];
  return isEmail(email) && !UNSEEN.test(email) ? [] : [{ code: 'not_an_email' }];
}

/** Returns what is wrong with a first or last name, which is free text on one line, or empty. */
export function personalNameProblems(name: string): FieldProblem[] {
  if (lengthOf(name) > MAX_USERNAME) return [{ code: 'too_long', most: MAX_USERNAME }];
  return /\p{Cc}/u.test(name) ? [{ code: 'control_characters' }] : [];
}
