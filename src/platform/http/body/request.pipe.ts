import { type ArgumentMetadata, Injectable, ValidationPipe } from '@nestjs/common';
import { FailureError } from '../../errors/failure.error.js';
import { problemsOf } from './refused-as.js';

/**
 * Turns a parsed body or query into its DTO, and drops fields that the DTO does not have.
 * @throws FailureError `malformed_body` if the body is not an object, `invalid_fields` with every
 *   field that is wrong
 */
@Injectable()
export class RequestPipe extends ValidationPipe {
  constructor() {
    super({
      transform: true,
      whitelist: true,
      stopAtFirstError: true,
      exceptionFactory: (errors) => new FailureError({ code: 'invalid_fields', fields: problemsOf(errors) }),
    });
  }

  override transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    // Nest's pipe would report all fields of such a body as missing.
    if (metadata.type === 'body' && !isObjectOrNothing(value))
      throw new FailureError({ code: 'malformed_body', problem: 'not_an_object' });
    return super.transform(value, metadata);
  }
}

/** Accepts a missing body, as an object without fields, so that the answer names the fields. */
function isObjectOrNothing(value: unknown): boolean {
  return value === undefined || (typeof value === 'object' && !Array.isArray(value));
}
