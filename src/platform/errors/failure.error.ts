import type { Failure } from './failure.js';

/** Carries a {@link Failure} to the filter that answers it. */
export class FailureError extends Error {
  constructor(
    readonly failure: Failure,
    options?: ErrorOptions,
  ) {
    super(failure.code, options);
    this.name = new.target.name;
  }
}
