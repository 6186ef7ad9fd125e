import { isDeepStrictEqual } from 'node:util';
import type { RawAnswer } from './http.js';

/** An answer, with assertions whose messages name the request. */
export class Answer {
  constructor(
    private readonly request: string,
    private readonly raw: RawAnswer,
  ) {}

  get status(): number {
    return this.raw.status;
  }

  get text(): string {
    return this.raw.text;
  }

  /** @throws Error if the answer has another status */
  hasStatus(status: number): this {
    return this.check(this.status === status, `status ${status}`);
  }

  /** @throws Error unless the answer is this status without a body */
  isEmpty(status: number): this {
    return this.hasStatus(status).check(this.text === '', 'an empty body');
  }

  /** Compares the whole body. The order of keys is free. @throws Error if anything differs */
  isJson(status: number, body: unknown): this {
    const given = this.hasStatus(status).json();
    return this.check(isDeepStrictEqual(given, body), JSON.stringify(body));
  }

  /**
   * Returns the members of the body, which has these and no others, each of them a text that is not
   * empty.
   * @throws Error if anything differs
   */
  texts<Key extends string>(status: number, ...keys: Key[]): Record<Key, string> {
    const body = Object(this.hasStatus(status).json()) as Record<Key, string>;
    const members = Object.keys(body);
    this.check(isDeepStrictEqual(members.sort(), [...keys].sort()), `a body of ${keys.join(' and ')}`);
    for (const key of keys) this.check(typeof body[key] === 'string' && body[key] !== '', `a text as ${key}`);
    return body;
  }

  /** @throws Error if a header is absent or differs */
  hasHeader(name: string, value: string | RegExp): this {
    const given = this.raw.headers.get(name);
    const fits = typeof value === 'string' ? given === value : given !== null && value.test(given);
    return this.check(fits, `${name}: ${String(value)}, not ${String(given)}`);
  }

  /** @throws Error with the request and the answer, unless the condition holds */
  check(holds: boolean, expected: string): this {
    if (!holds) throw new Error(`${this.request}: expected ${expected}, got ${this.status} ${shortened(this.text)}`);
    return this;
  }

  /** Returns the parsed body. @throws Error unless it is JSON */
  json(): unknown {
    const mediaType = this.raw.headers.get('content-type') ?? 'no media type';
    this.check(/^application\/json\s*(;|$)/i.test(mediaType), `application/json, not ${mediaType}`);
    try {
      return JSON.parse(this.text);
    } catch {
      this.check(false, 'a body of JSON');
      return undefined;
    }
  }
}

/** Returns a text that fits in a line of the report. */
export function shortened(text: string): string {
  const line = text.replace(/\s+/g, ' ');
  return line.length <= 160 ? line : `${line.slice(0, 159)}…`;
}
