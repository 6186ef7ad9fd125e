/** Why a field is refused. The dialects have the texts. */
export type FieldProblem =
  | { readonly code: 'required' }
  | { readonly code: 'not_text' }
  | { readonly code: 'too_short'; readonly least: number }
  | { readonly code: 'too_long'; readonly most: number }
  | { readonly code: 'too_many_bytes'; readonly most: number }
  | { readonly code: 'forbidden_characters' }
  | { readonly code: 'control_characters' }
  | { readonly code: 'not_an_email' }
  /** A username with `@` is an email, so it must be the email of the account. */
  | { readonly code: 'not_the_email' }
  | { readonly code: 'too_common' }
  /** A password that is a name of the account or of the service. */
  | { readonly code: 'names_account' }
  | { readonly code: 'wrong_password' }
  | { readonly code: 'not_a_session_id' }
  | { readonly code: 'not_one_of'; readonly allowed: readonly string[] }
  /** The value breaks a rule that has no code of its own. */
  | { readonly code: 'invalid' };

/** The problems of a request by the name of the field. */
export type FieldProblems = Readonly<Record<string, readonly FieldProblem[]>>;

/** Returns an entry for a field, or no entry if the field has no problems. */
export function unlessEmpty(field: string, problems: readonly FieldProblem[]): FieldProblems {
  return problems.length > 0 ? { [field]: problems } : {};
}
