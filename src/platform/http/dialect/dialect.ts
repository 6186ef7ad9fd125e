import type { Failure, FailureOf } from '../../errors/failure.js';
import type { Answer } from './answer.js';

/** The answers to failures, by code. Each entry is a pure function. */
export type Refusals = { readonly [Code in Failure['code']]: (failure: FailureOf<Code>) => Answer };

/** How the routes below one path prefix answer, and what bodies they take. */
export interface Dialect {
  /** The first segment of their paths, without slashes. */
  readonly prefix: string;
  /** The name of these routes in events, at most 16 characters. */
  readonly contract: string;
  /** The heading of these routes in the OpenAPI document. */
  readonly tag: { readonly name: string; readonly description: string };
  /** Media types that a request body may have. */
  readonly mediaTypes: readonly string[];
  readonly refusals: Refusals;
}

/** Returns the dialect's answer to a failure. */
export function answerOf({ refusals }: Dialect, failure: Failure): Answer {
  const refuse = refusals[failure.code] as (failure: Failure) => Answer;
  return refuse(failure);
}
