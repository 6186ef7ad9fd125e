import { type FieldProblem, type FieldProblems, unlessEmpty } from '../platform/errors/field-problems.js';
import { emailProblems, isEmailName, nameKey, normalizeName, personalNameProblems, usernameProblems } from './names.js';
import type { NewUser } from './users.repository.js';

/** The names of a person, each as typed. */
export interface TypedNames {
  readonly username: string;
  /** Without it, the account has an email only if the username is one. */
  readonly email?: string;
  readonly firstName?: string;
  readonly lastName?: string;
}

/** The names of an account to be made, normalized. */
export type Names = Omit<NewUser, 'id' | 'passwordHash'>;

/** Returns names as they are stored, with their keys. */
export function normalizeNames({ username, email, firstName = '', lastName = '' }: TypedNames): Names {
  const name = normalizeName(username);
  const ownEmail = isEmailName(name) ? name : null;
  const normalizedEmail = email === undefined ? ownEmail : normalizeName(email);
  return {
    username: name,
    usernameKey: nameKey(name),
    email: normalizedEmail,
    emailKey: normalizedEmail === null ? null : nameKey(normalizedEmail),
    firstName: firstName.trim(),
    lastName: lastName.trim(),
  };
}

/** Returns what is wrong with names, by field. @param names in their normalized form */
export function nameProblems(names: Names): FieldProblems {
  const { username, email, firstName, lastName } = names;
  // Its problems are those of the username, which the answer has already.
  const isUsername = email === username && isEmailName(username);
  return {
    ...unlessEmpty('username', [...usernameProblems(username), ...mismatch(names)].slice(0, 1)),
    ...unlessEmpty('email', email === null || isUsername ? [] : emailProblems(email)),
    ...unlessEmpty('firstName', personalNameProblems(firstName)),
    ...unlessEmpty('lastName', personalNameProblems(lastName)),
  };
}

/**
 * Returns the problem of a username that is an email other than the account's own. It could be the
 * login name of another account.
 */
function mismatch({ username, usernameKey, emailKey }: Names): FieldProblem[] {
  const differs = isEmailName(username) && emailKey !== null && usernameKey !== emailKey;
  return differs ? [{ code: 'not_the_email' }] : [];
}
