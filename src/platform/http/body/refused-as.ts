import type { ValidationError, ValidationOptions } from 'class-validator';
import type { FieldProblem, FieldProblems } from '../../errors/field-problems.js';

/** Returns options for a class-validator decorator. They name the problem that it finds. */
export function refusedAs(problem: FieldProblem): ValidationOptions {
  // class-validator drops the context of a problem without a message.
  return { context: problem, message: problem.code };
}

/**
 * Returns the problems that the decorators name, by field. A decorator without {@link refusedAs}
 * gives `invalid`.
 */
export function problemsOf(errors: readonly ValidationError[]): FieldProblems {
  return Object.fromEntries(errors.map(({ property, contexts }) => [property, namedProblems(contexts)]));
}

function namedProblems(contexts: ValidationError['contexts']): FieldProblem[] {
  return contexts ? (Object.values(contexts) as FieldProblem[]) : [{ code: 'invalid' }];
}
