import { STATUS_CODES } from 'node:http';
import type { BodyProblem } from '../../errors/failure.js';
import type { Answer, Headers } from './answer.js';
import type { Refusals } from './dialect.js';

const BODY_PROBLEMS: Readonly<Record<BodyProblem, string>> = {
  not_json: 'the request body is not valid JSON',
  not_multipart: 'the request body is not valid multipart form data',
  not_utf8: 'the request body is not valid UTF-8',
  not_an_object: 'the request body is not an object',
  nested_too_deeply: 'the request body is nested too deeply',
  too_many_fields: 'the request body has too many fields',
  forbidden_field: 'the request body has a field that is not allowed',
};

/**
 * Returns the refusals that every dialect answers with the same status and text.
 * @param answer puts a status, a text and headers into the form of the dialect
 */
export function sharedRefusals(answer: (status: number, text: string, headers?: Headers) => Answer) {
  return {
    malformed_body: ({ problem }) => answer(400, BODY_PROBLEMS[problem]),
    bad_request: ({ status }) => answer(status, phraseOf(status)),
    not_found: () => answer(404, 'not found'),
    method_not_allowed: ({ allow }) => answer(405, 'method not allowed', { Allow: allow.join(', ') }),
    payload_too_large: () => answer(413, 'the request body is too large'),
    unsupported_media_type: () => answer(415, 'unsupported media type'),
    throttled: (failure) => answer(429, 'too many attempts, try again later', retryAfter(failure)),
    // nginx's status for a client that has disconnected. It appears only in the log.
    client_disconnected: () => answer(499, phraseOf(499)),
    internal: () => answer(500, 'internal server error'),
    unavailable: (failure) => answer(503, 'service unavailable, try again later', retryAfter(failure)),
  } satisfies Partial<Refusals>;
}

function retryAfter({ retryAfter: seconds }: { readonly retryAfter: number }): Headers {
  return { 'Retry-After': String(seconds) };
}

/**
 * Returns the reason phrase of a status code in lower case, `bad request` for an unregistered one.
 */
function phraseOf(status: number): string {
  return (STATUS_CODES[status] ?? 'bad request').toLowerCase();
}
