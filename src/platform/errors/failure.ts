import type { FieldProblems } from './field-problems.js';
import type { TokenProblem } from './token-problem.js';

/** What the core refuses, and why. Knows no status, header or text of any contract. */
type CoreFailure =
  | { readonly code: 'invalid_fields'; readonly fields: FieldProblems }
  | { readonly code: 'invalid_credentials' }
  | { readonly code: 'token_missing' }
  /** `reason`: why a token that this service signed is refused; left out for any other token. */
  | { readonly code: 'token_not_valid'; readonly reason?: TokenProblem }
  | { readonly code: 'client_not_authenticated' }
  | { readonly code: 'user_exists' }
  | { readonly code: 'session_not_found' }
  /** Too many attempts. `retryAfter`: seconds. */
  | { readonly code: 'throttled'; readonly retryAfter: number }
  /** The store is away, or too much work is waiting. `retryAfter`: seconds. */
  | { readonly code: 'unavailable'; readonly retryAfter: number }
  /** The client has disconnected, so only the log shows this refusal. */
  | { readonly code: 'client_disconnected' };

/** What is wrong with a request body as a whole. */
export type BodyProblem =
  | 'not_json'
  | 'not_multipart'
  | 'not_utf8'
  | 'not_an_object'
  | 'nested_too_deeply'
  | 'too_many_fields'
  | 'forbidden_field';

/** What the HTTP layer refuses before it asks the core, or when the core fails. */
type TransportFailure =
  | { readonly code: 'malformed_body'; readonly problem: BodyProblem }
  | { readonly code: 'not_found' }
  | { readonly code: 'method_not_allowed'; readonly allow: readonly string[] }
  | { readonly code: 'payload_too_large' }
  | { readonly code: 'unsupported_media_type' }
  /** Any other refusal of the HTTP layer, for example a URL that cannot be decoded. */
  | { readonly code: 'bad_request'; readonly status: number }
  | { readonly code: 'internal' };

/** The refusal of a service that is not ready, or whose store is away. */
export const UNAVAILABLE: Failure = { code: 'unavailable', retryAfter: 2 };

/** Every refusal that a client can receive. Each dialect answers every member. */
export type Failure = CoreFailure | TransportFailure;

/** The failure with a code. */
export type FailureOf<Code extends Failure['code']> = Extract<Failure, { readonly code: Code }>;
