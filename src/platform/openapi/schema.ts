/** The part of JSON Schema that the document needs. */
export interface Schema {
  readonly type?: string;
  readonly minLength?: number;
  readonly example?: unknown;
  readonly enum?: readonly unknown[];
  readonly nullable?: boolean;
  readonly minItems?: number;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly minProperties?: number;
  readonly additionalProperties?: boolean | Schema;
  readonly oneOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
}

/** Returns the schema of a text that is not empty. */
export const text = (example: string): Schema => ({ type: 'string', minLength: 1, example });
/** Returns the schema of a text that is always the same. */
export const fixed = (value: string): Schema => ({ type: 'string', enum: [value], example: value });
export const flag = (example: boolean): Schema => ({ type: 'boolean', example });

/** Returns the schema of an object with all of these members and no others. */
export function exactly(properties: Record<string, Schema>): Schema {
  return { type: 'object', properties, required: Object.keys(properties), additionalProperties: false };
}

/** Returns the schema of a value that fits exactly one of these schemas. */
export const either = (...schemas: Schema[]): Schema => ({ oneOf: schemas });

/**
 * Returns the strictest schema that describes all of these JSON values. What is equal in all of
 * them is fixed, and members that some objects lack are optional.
 * @param values at least one, all of one type
 */
export function schemaOf(values: readonly unknown[]): Schema {
  const [example] = values;
  if (Array.isArray(example)) return { type: 'array', minItems: 1, items: schemaOf(values.flat()) };
  if (typeof example === 'object') return objectSchemaOf(values as Record<string, unknown>[]);
  const type = typeof example === 'number' ? 'integer' : typeof example;
  if (values.every((value) => value === example)) return { type, enum: [example], example };
  return typeof example === 'string' ? text(example) : { type, example };
}

function objectSchemaOf(values: readonly Record<string, unknown>[]): Schema {
  const names = [...new Set(values.flatMap((value) => Object.keys(value)))];
  const required = names.filter((name) => values.every((value) => name in value));
  const memberOf = (name: string) => schemaOf(values.filter((value) => name in value).map((value) => value[name]));
  return {
    type: 'object',
    properties: Object.fromEntries(names.map((name) => [name, memberOf(name)])),
    additionalProperties: false,
    ...(required.length > 0 ? { required } : { minProperties: 1 }),
  };
}
