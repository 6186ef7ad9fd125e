import { isUtf8 } from 'node:buffer';
import { Busboy, type BusboyHeaders } from '@fastify/busboy';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { BodyProblem } from '../../errors/failure.js';
import { FailureError } from '../../errors/failure.error.js';

/** No DTO nests deeper. Recursive code would exhaust the stack on a much deeper body. */
const MAX_DEPTH = 8;
/** Fields of objects and items of arrays, nested ones included. No DTO has more than five. */
const MAX_FIELDS = 100;

type Parser = (body: Buffer, request: FastifyRequest) => unknown;

/**
 * Replaces Fastify's body parsers by JSON, urlencoded and multipart parsers for these media types.
 * Every other media type is refused (415).
 */
export function registerBodyParsers(fastify: FastifyInstance, mediaTypes: Iterable<string>): void {
  const parsers: Readonly<Record<string, Parser>> = {
    json: jsonParser(fastify),
    'application/x-www-form-urlencoded': parseForm,
    'multipart/form-data': parseMultipart,
  };
  fastify.removeAllContentTypeParsers();
  for (const mediaType of mediaTypes) {
    const parse = parsers[isJson(mediaType) ? 'json' : mediaType];
    if (!parse) throw new Error(`there is no parser for ${mediaType}`);
    fastify.addContentTypeParser(mediaType, { parseAs: 'buffer' }, async (request: FastifyRequest, body: Buffer) =>
      body.length === 0 ? {} : parse(body, request),
    );
  }
}

/** Tells whether a media type is JSON or built on JSON (RFC 6839 section 3.1). */
function isJson(mediaType: string): boolean {
  return mediaType === 'application/json' || mediaType.endsWith('+json');
}

function jsonParser(fastify: FastifyInstance): Parser {
  // Refuses `__proto__` and `constructor.prototype` keys too.
  const parse = fastify.getDefaultJsonParser('error', 'error');
  return (body, request) => {
    let parsed: { readonly error: Error | null; readonly value?: unknown } | undefined;
    void parse(request, textOf(body), (error, value) => {
      parsed = { error, value };
    });
    if (!parsed || parsed.error) throw malformed('not_json');
    const excess = excessOf(parsed.value);
    if (excess) throw malformed(excess);
    return parsed.value;
  };
}

function parseForm(body: Buffer): unknown {
  const text = textOf(body);
  const form = new URLSearchParams(text);
  // An escape that is not UTF-8 decodes to U+FFFD. So the body had such an escape, unless the
  // client sent U+FFFD itself.
  if (form.toString().includes('%EF%BF%BD') && !/%EF%BF%BD|\ufffd/i.test(text)) throw malformed('not_utf8');
  return fieldsOf([...form]);
}

async function parseMultipart(body: Buffer, request: FastifyRequest): Promise<unknown> {
  textOf(body);
  return fieldsOf(await multipartEntries(body, request.headers as BusboyHeaders));
}

function multipartEntries(body: Buffer, headers: BusboyHeaders): Promise<[string, unknown][]> {
  const entries: [string, unknown][] = [];
  return new Promise((resolve, reject) => {
    const refuse = () => {
      reject(malformed('not_multipart'));
    };
    try {
      const parser = new Busboy({ headers });
      parser.on('field', (name, value) => entries.push([name, value]));
      parser.on('file', (name, file) => {
        entries.push([name, null]);
        // An unterminated part emits its error on the part too. Without a listener, the error would
        // end the process.
        file.on('error', refuse).resume();
      });
      parser.on('error', refuse);
      parser.on('finish', () => {
        resolve(entries);
      });
      parser.end(body);
    } catch {
      refuse();
    }
  });
}

/**
 * Returns the entries of a form by name. A repeated field becomes an array, which no DTO accepts.
 */
function fieldsOf(form: readonly [string, unknown][]): Record<string, unknown> {
  if (form.length > MAX_FIELDS) throw malformed('too_many_fields');
  const fields = new Map<string, unknown[]>();
  for (const [name, value] of form) fields.set(name, [...(fields.get(name) ?? []).slice(0, 1), value]);
  if (fields.has('__proto__')) throw malformed('forbidden_field');
  return Object.fromEntries(Array.from(fields, ([name, values]) => [name, values.length === 1 ? values[0] : values]));
}

/** Returns a body as text, without its byte order mark. */
function textOf(body: Buffer): string {
  if (!isUtf8(body)) throw malformed('not_utf8');
  const text = body.toString();
  return text.startsWith('\ufeff') ? text.slice(1) : text;
}

/**
 * Returns which bound a value exceeds. Iterative, so that deep nesting cannot overflow the stack.
 */
function excessOf(value: unknown): BodyProblem | undefined {
  let level = [value];
  let fields = 0;
  for (let depth = 0; ; depth++) {
    const nested = level.filter((item) => typeof item === 'object' && item !== null);
    if (nested.length === 0) return undefined;
    if (depth === MAX_DEPTH) return 'nested_too_deeply';
    level = nested.flatMap((item) => Object.values(item) as unknown[]);
    fields += level.length;
    if (fields > MAX_FIELDS) return 'too_many_fields';
  }
}

function malformed(problem: BodyProblem): FailureError {
  return new FailureError({ code: 'malformed_body', problem });
}
