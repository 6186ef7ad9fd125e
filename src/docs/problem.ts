import { type DocumentedAnswer, text } from './answers.js';

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
      },
      required: ['type', 'title', 'status', 'detail'],
      additionalProperties: false,
    },
  };
}

export const unavailable = problem(503, 'The database is away', { 'Retry-After': '2' });
