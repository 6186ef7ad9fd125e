import type { FieldProblem, FieldProblems } from '../../errors/field-problems.js';

type Texts = {
  readonly [Code in FieldProblem['code']]: (problem: Extract<FieldProblem, { readonly code: Code }>) => string;
};

/** A clause for each problem, in lower case and without a full stop, as contract A prints them. */
const TEXTS: Texts = {
  required: () => 'this field is required',
  not_text: () => 'not a valid string',
  too_short: ({ least }) => `at least ${least} characters are needed`,
  too_long: ({ most }) => `at most ${most} characters are allowed`,
  too_many_bytes: ({ most }) => `at most ${most} bytes are allowed`,
  forbidden_characters: () => 'only letters, digits and _ . @ + - are allowed',
  control_characters: () => 'control characters are not allowed',
  not_an_email: () => 'not a valid email address',
  not_the_email: () => 'a username with @ must equal the email',
  too_common: () => 'this password is too common',
  names_account: () => 'this password is a name of the account or the service',
  wrong_password: () => 'this is not the current password',
  not_a_session_id: () => 'must be the id of a session',
  not_one_of: ({ allowed }) => `must be ${allowed.join(' or ')}`,
  invalid: () => 'not valid',
};

/** Returns the texts of the problems by field. */
export function fieldTexts(fields: FieldProblems): Record<string, string[]> {
  return Object.fromEntries(Object.entries(fields).map(([name, problems]) => [name, problems.map(textOf)]));
}

/** Returns {@link fieldTexts} under the field names of the wire: `first_name` for `firstName`. */
export function wireFieldTexts(fields: FieldProblems): Record<string, string[]> {
  return Object.fromEntries(Object.entries(fieldTexts(fields)).map(([name, texts]) => [snakeCase(name), texts]));
}

function textOf(problem: FieldProblem): string {
  const text = TEXTS[problem.code] as (problem: FieldProblem) => string;
  return text(problem);
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
