import { ValidateBy } from 'class-validator';

interface TextOptions {
  /** May be empty (default: no). */
  readonly blank?: boolean;
  /** White space counts as content, as in passwords (default: no). */
  readonly verbatim?: boolean;
}

/** A string field. Texts as contract A prints them, see its «Error Response» sections. */
export function IsText(options: TextOptions = {}): PropertyDecorator {
  return ValidateBy({
    name: 'isText',
    validator: {
      validate: (value) => problemOf(value, options) === undefined,
      defaultMessage: (args) => problemOf(args?.value, options) ?? '',
    },
  });
}

function problemOf(value: unknown, { blank = false, verbatim = false }: TextOptions): string | undefined {
  if (value === undefined) return 'this field is required';
  // Lone surrogates have no UTF-8 form: two different ones would be stored, hashed and compared as the same character.
  if (typeof value !== 'string' || !value.isWellFormed()) return 'not a valid string';
  if (!blank && (verbatim ? value : value.trim()) === '') return 'this field is required';
  return undefined;
}
