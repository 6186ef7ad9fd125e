import { describe, expect, it } from 'vitest';
import { fixed, schemaOf, text } from './schema.js';

describe('schemaOf', () => {
  it('fixes what is equal in all values', () => {
    expect(schemaOf(['a', 'a'])).toEqual(fixed('a'));
    expect(schemaOf([{ status: 400, detail: 'x' }])).toEqual({
      type: 'object',
      properties: { status: { type: 'integer', enum: [400], example: 400 }, detail: fixed('x') },
      required: ['status', 'detail'],
      additionalProperties: false,
    });
  });

  it('leaves open what differs', () => {
    expect(schemaOf(['a', 'b'])).toEqual(text('a'));
    expect(schemaOf([1, 2])).toEqual({ type: 'integer', example: 1 });
  });

  it('makes members optional that some objects lack', () => {
    const { properties, required } = schemaOf([{ status: 400 }, { status: 400, errors: ['x'] }]);
    expect(Object.keys(properties ?? {})).toEqual(['status', 'errors']);
    expect(required).toEqual(['status']);
  });

  it('requires one member at least if all are optional', () => {
    expect(schemaOf([{ a: ['x'] }, { b: ['x'] }])).toMatchObject({ minProperties: 1, additionalProperties: false });
  });

  it('describes the items of all arrays together', () => {
    expect(schemaOf([['a'], ['b', 'c']])).toEqual({ type: 'array', minItems: 1, items: text('a') });
  });
});
