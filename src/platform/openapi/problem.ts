import { type DocumentedAnswer, text, texts } from './answers.js';

/** What is wrong with each field, by its name. */
const ERRORS = { type: 'object', additionalProperties: texts('this field is required') };

/** An answer of RFC 9457. */
export function problem(status: number, description: string, headers: Record<string, string> = {}): DocumentedAnswer {
  return {
    status,
    description,
    headers,
    mediaType: 'application/problem+json',
    schema: {
      type: 'object',
      properties: {
        type: text('about:blank'),
        title: text('Service Unavailable'),
        status: { type: 'integer', enum: [status], example: status },
        detail: text('service unavailable, try again later'),
        ...(status === 400 && { errors: ERRORS }),
      },
      required: ['type', 'title', 'status', 'detail'],
      additionalProperties: false,
    },
  };
}

export const unavailable = problem(503, 'The database is away', { 'Retry-After': '2' });

export const badRequest = problem(400, 'A field is missing or against the rules, or the body as a whole is wrong');
