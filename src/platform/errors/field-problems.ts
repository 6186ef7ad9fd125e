import type { FieldProblems } from './failure.js';

/** What is wrong with a field, if there is anything. */
export function unlessEmpty(field: string, problems: string[]): FieldProblems {
  return problems.length > 0 ? { [field]: problems } : {};
}
