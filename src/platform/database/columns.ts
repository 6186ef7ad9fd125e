import { Column, type ColumnOptions } from 'typeorm';

/**
 * Declares a point in time, in milliseconds since 1970. MySQL returns a bigint as a string, SQLite
 * as a number.
 */
export function TimeColumn(options: ColumnOptions = {}): PropertyDecorator {
  return Column({
    ...options,
    type: 'bigint',
    transformer: {
      to: (value: number | null) => value,
      from: (value: string | number | null) => (value === null ? null : Number(value)),
    },
  });
}
