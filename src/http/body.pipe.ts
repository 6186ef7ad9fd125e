import { type ArgumentMetadata, Injectable, type Type, ValidationPipe } from '@nestjs/common';
import type { ValidationError } from 'class-validator';
import { AuthError, FailureError } from '../errors/failure.error.js';
import type { FieldProblems } from '../errors/failure.js';

/**
 * Turns a parsed body into its DTO. Fields that the DTO does not have are dropped.
 * @throws FailureError `malformed_body` for anything but an object, `invalid_fields` with every field that is wrong
 */
@Injectable()
export class BodyPipe extends ValidationPipe {
  constructor() {
    super({
      transform: true,
      whitelist: true,
      stopAtFirstError: true,
      exceptionFactory: (errors) => new AuthError({ code: 'invalid_fields', fields: problemsOf(errors) }),
    });
  }

  override transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    if (metadata.type === 'query') return super.transform(value, metadata) as Promise<unknown>;
    if (metadata.type !== 'body') return Promise.resolve(value);
    // No body at all lacks every field, which says more than «not an object».
    const body = value ?? {};
    if (typeof body !== 'object' || Array.isArray(body))
      throw new FailureError({ code: 'malformed_body', detail: 'the request body is not an object' });
    return super.transform(body, metadata) as Promise<unknown>;
  }

  /** For guards, which run before pipes. */
  parse<T>(body: unknown, dto: Type<T>): Promise<T> {
    return this.transform(body, { type: 'body', metatype: dto }) as Promise<T>;
  }
}

function problemsOf(errors: readonly ValidationError[]): FieldProblems {
  return Object.fromEntries(errors.map((error) => [error.property, Object.values(error.constraints ?? {})]));
}
