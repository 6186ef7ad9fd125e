// Parts of the schemas of the control plane, in JSON Schema.

export const text = { type: 'string' } as const;
export const flag = { type: 'boolean' } as const;

/** An object with no members but these. */
export function object<Properties extends object>(properties: Properties, required: (keyof Properties)[] = []) {
  return { type: 'object', additionalProperties: false, properties, ...(required.length > 0 && { required }) } as const;
}

/** An object in an answer. */
export function answer(properties: object) {
  return { type: 'object', properties } as const;
}

export function listOf(items: object) {
  return { type: 'array', items } as const;
}

export function whole(minimum: number, maximum: number) {
  return { type: 'integer', minimum, maximum } as const;
}
