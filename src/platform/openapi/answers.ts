import { applyDecorators } from '@nestjs/common';
import { ApiOperation, ApiResponse } from '@nestjs/swagger';

/** The part of a JSON schema that these documents need. */
interface Schema {
  type?: string;
  minLength?: number;
  example?: unknown;
  enum?: unknown[];
  minItems?: number;
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
  minProperties?: number;
  additionalProperties?: boolean | Schema;
  oneOf?: Schema[];
}

/** A text; `fixed` ones are always these very words. */
export const text = (example: string): Schema => ({ type: 'string', minLength: 1, example });
export const fixed = (value: string): Schema => ({ type: 'string', enum: [value], example: value });
export const flag = (example: boolean): Schema => ({ type: 'boolean', example });
export const texts = (example: string): Schema => ({ type: 'array', minItems: 1, items: text(example) });

/** An object with these members, all of them and no others. */
export function exactly(properties: Record<string, Schema>): Schema {
  return { type: 'object', properties, required: Object.keys(properties), additionalProperties: false };
}

/** An object with at least one of these members and no others. */
export function someOf(properties: Record<string, Schema>): Schema {
  return { type: 'object', properties, minProperties: 1, additionalProperties: false };
}

/** One of several schemas. */
export const either = (...schemas: Schema[]): Schema => ({ oneOf: schemas });

/** A documented answer. */
export interface DocumentedAnswer {
  readonly status: number;
  readonly description: string;
  readonly schema?: Schema;
  readonly mediaType?: string;
  readonly headers?: Record<string, string>;
}

/** Documents an operation: what it does and every answer that it can give. */
export function documents(summary: string, ...answers: DocumentedAnswer[]): MethodDecorator {
  return applyDecorators(ApiOperation({ summary }), ...answers.map(responseOf));
}

function responseOf({ status, description, schema, mediaType = 'application/json', headers = {} }: DocumentedAnswer) {
  const described = Object.entries(headers).map(([name, example]) => [name, { schema: text(example) }]);
  return ApiResponse({
    status,
    description,
    headers: Object.fromEntries(described) as Record<string, { schema: Schema }>,
    ...(schema && { content: { [mediaType]: { schema } } }),
  });
}
