import { STATUS_CODES } from 'node:http';
import type { AuthFailure, TransportFailure } from '../../errors/failure.js';
import { tokenProblemText } from './token-problem-text.js';

/** Status and text of what the transport refuses: the same at every route, each contract words it in its own form. */
export function transportAnswer(failure: TransportFailure): {
  status: number;
  text: string;
  headers: Record<string, string>;
} {
  switch (failure.code) {
    case 'malformed_body':
      return { status: 400, text: failure.detail, headers: {} };
    case 'not_found':
      return { status: 404, text: 'not found', headers: {} };
    case 'method_not_allowed':
      return { status: 405, text: 'method not allowed', headers: { Allow: failure.allow.join(', ') } };
    case 'payload_too_large':
      return { status: 413, text: 'the request body is too large', headers: {} };
    case 'unsupported_media_type':
      return { status: 415, text: 'unsupported media type', headers: {} };
    case 'bad_request':
      return { status: failure.status, text: phraseOf(failure.status), headers: {} };
    case 'throttled':
      return { status: 429, text: 'too many attempts, try again later', headers: retryAfter(failure) };
    case 'unavailable':
      return { status: 503, text: 'service unavailable, try again later', headers: retryAfter(failure) };
    case 'internal':
      return { status: 500, text: 'internal server error', headers: {} };
  }
}

function retryAfter({ retryAfter: seconds }: { readonly retryAfter: number }): Record<string, string> {
  return { 'Retry-After': String(seconds) };
}

/**
 * The `WWW-Authenticate` of a 401 (RFC 9110 section 11.6.1), with the reason as RFC 6750 section 3 puts it:
 * only for tokens that we did sign is there more to say than that they are invalid.
 */
export function challengeOf(failure: AuthFailure): string {
  if (failure.code !== 'token_not_valid') return 'Bearer';
  const description = failure.reason === undefined ? '' : `, error_description="${tokenProblemText(failure.reason)}"`;
  return `Bearer error="invalid_token"${description}`;
}

/** The reason phrase of a status code in lower case, `bad request` for an unregistered one. */
function phraseOf(status: number): string {
  return (STATUS_CODES[status] ?? 'bad request').toLowerCase();
}
