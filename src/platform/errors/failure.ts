import type { TokenProblem } from './token-problem.js';

/** What is wrong with each field of a request: field name → one sentence or more, lower case, without a full stop. */
export type FieldProblems = Record<string, string[]>;

/** What the core refuses, and why. Knows no status, header or field name of any contract. */
export type AuthFailure =
  | { readonly code: 'invalid_fields'; readonly fields: FieldProblems }
  | { readonly code: 'invalid_credentials' }
  | { readonly code: 'token_missing' }
  /** `reason`: why a token that this service signed is refused; left out for any other token. */
  | { readonly code: 'token_not_valid'; readonly reason?: TokenProblem }
  | { readonly code: 'client_not_authenticated' }
  | { readonly code: 'user_exists' }
  | { readonly code: 'session_not_found' };

/** What the transport refuses before the core is asked, or when it cannot be asked. */
export type TransportFailure =
  | { readonly code: 'malformed_body'; readonly detail: string }
  | { readonly code: 'not_found' }
  | { readonly code: 'method_not_allowed'; readonly allow: readonly string[] }
  | { readonly code: 'payload_too_large' }
  | { readonly code: 'unsupported_media_type' }
  /** Any other refusal of the HTTP layer, for instance a URL that cannot be decoded. */
  | { readonly code: 'bad_request'; readonly status: number }
  /** Too many attempts. `retryAfter`: seconds. */
  | { readonly code: 'throttled'; readonly retryAfter: number }
  /** `retryAfter`: seconds. */
  | { readonly code: 'unavailable'; readonly retryAfter: number }
  | { readonly code: 'internal' };

/** The closed union of everything that a client can be refused for; each contract answers every member. */
export type Failure = AuthFailure | TransportFailure;
