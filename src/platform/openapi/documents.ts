import { applyDecorators } from '@nestjs/common';
import { ApiBearerAuth, ApiConsumes, ApiOperation, ApiResponse } from '@nestjs/swagger';
import type { Failure } from '../errors/failure.js';
import type { Dialect } from '../http/dialect/dialect.js';
import type { DocumentedAnswer } from './documented-answer.js';
import { documentedRefusals } from './refusals.js';
import { text } from './schema.js';

/** What every route that needs an access token may refuse. */
const EVERY_BEARER = ['token_missing', 'token_not_valid'] as const;
/** What every route may refuse. */
const EVERY_ROUTE = ['internal', 'unavailable'] as const;
/** What every route that reads a body may refuse. */
const EVERY_BODY = ['malformed_body', 'payload_too_large', 'unsupported_media_type'] as const;

interface Operation {
  /** What the route does. */
  readonly summary: string;
  /** Its answer when it refuses nothing. */
  readonly answer: DocumentedAnswer;
  /** Whether it needs an access token. */
  readonly bearer?: boolean;
  /** The fields of its body, if it reads one. */
  readonly body?: readonly string[];
  /** The parameters of its query, if it has rules for them. */
  readonly query?: readonly string[];
  /** What it may refuse beside tokens, bodies, queries and what every route may refuse. */
  readonly refusals?: readonly Failure['code'][];
}

/** Documents what a route does, and every answer that it can give in its dialect. */
export function documents(
  dialect: Dialect,
  { summary, answer, bearer = false, body, query, refusals = [] }: Operation,
): MethodDecorator {
  const fields = [...(body ?? []), ...(query ?? [])];
  const codes = [
    ...(fields.length > 0 ? (['invalid_fields'] as const) : []),
    ...(bearer ? EVERY_BEARER : []),
    ...refusals,
    ...(body ? EVERY_BODY : []),
    ...EVERY_ROUTE,
  ];
  return applyDecorators(
    ...(bearer ? [ApiBearerAuth()] : []),
    ...(body ? [ApiConsumes(...dialect.mediaTypes)] : []),
    documentsAnswers(summary, answer, ...documentedRefusals(dialect, codes, fields)),
  );
}

/** Documents a route with these answers and no others. */
export function documentsAnswers(summary: string, ...answers: DocumentedAnswer[]): MethodDecorator {
  return applyDecorators(ApiOperation({ summary }), ...answers.map(responseOf));
}

function responseOf({ status, description, schema, mediaType = 'application/json', headers = {} }: DocumentedAnswer) {
  const described = Object.fromEntries(
    Object.entries(headers).map(([name, example]) => [name, { schema: text(example) }]),
  );
  return ApiResponse({
    status,
    description,
    headers: described as Record<string, { schema: object }>,
    ...(schema && { content: { [mediaType]: { schema: schema as object } } }),
  });
}
