import type { AuthFailure, Failure } from './failure.js';

/** Carries a {@link Failure} to the one filter that turns it into an answer. */
export class FailureError<F extends Failure = Failure> extends Error {
  constructor(
    readonly failure: F,
    options?: ErrorOptions,
  ) {
    super(failure.code, options);
    this.name = new.target.name;
  }
}

/** What the core throws, and nothing else. */
export class AuthError extends FailureError<AuthFailure> {}
