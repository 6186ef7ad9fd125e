import { applyDecorators } from '@nestjs/common';
import { ValidateBy } from 'class-validator';
import { refusedAs } from './refused-as.js';

interface TextOptions {
  /** The text may be empty (default: no). */
  readonly blank?: boolean;
  /** White space counts as content, as in passwords (default: no). */
  readonly verbatim?: boolean;
}

/**
 * Requires a string. Reports the problems that contract A prints in its «Error Response» sections.
 */
export function IsText({ blank = false, verbatim = false }: TextOptions = {}): PropertyDecorator {
  const isBlank = (text: string) => (verbatim ? text : text.trim()) === '';
  const isGiven = (value: unknown) => value !== undefined && (blank || typeof value !== 'string' || !isBlank(value));
  // A lone surrogate has no UTF-8 form: two different ones would be stored, hashed and compared as
  // equal.
  const isText = (value: unknown) => typeof value === 'string' && value.isWellFormed();
  return applyDecorators(
    ValidateBy({ name: 'isGiven', validator: { validate: isGiven } }, refusedAs({ code: 'required' })),
    ValidateBy({ name: 'isText', validator: { validate: isText } }, refusedAs({ code: 'not_text' })),
  );
}
