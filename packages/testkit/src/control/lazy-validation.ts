import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import type { FastifySchemaCompiler } from 'fastify';

const ajv = new Ajv({
  allErrors: true,
  allowUnionTypes: true,
  formats: { 'date-time': { validate: isTime } },
});

interface LazyValidation {
  (data: unknown): boolean;
  errors?: ErrorObject[] | null;
}

/**
 * Returns a check by a schema, which compiles the schema at its first call. Most suites use few
 * routes, and compiling the schemas of all takes a tenth of a start.
 */
export const validateLazily: FastifySchemaCompiler<object> = ({ schema }) => {
  let validate: ValidateFunction | undefined;
  const check: LazyValidation = (data) => {
    validate ??= ajv.compile(schema);
    const isValid = validate(data);
    check.errors = validate.errors ?? null;
    return isValid;
  };
  return check;
};

/** Accepts a time in the form of RFC 3339 section 5.6. */
function isTime(text: string): boolean {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/i.test(text) && !Number.isNaN(Date.parse(text));
}
