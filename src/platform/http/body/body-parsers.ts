import { isUtf8 } from 'node:buffer';
import { Busboy, type BusboyHeaders } from '@fastify/busboy';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import secureJson from 'secure-json-parse';
import { FailureError } from '../../errors/failure.error.js';

/** Nesting beyond it is no body of ours, and would only exhaust the stack of whoever walks it. */
const MAX_DEPTH = 8;
/** Fields of objects and items of arrays, nested ones included. No body of ours has more than five. */
const MAX_FIELDS = 100;
const TOO_MANY_FIELDS = 'the request body has too many fields';

/** Replaces Fastify's parsers by ours for JSON, urlencoded and multipart bodies; every other media type is refused (415). */
export function registerBodyParsers(fastify: FastifyInstance): void {
  fastify.removeAllContentTypeParsers();
  const parser = (mediaType: string, parse: (body: Buffer, request: FastifyRequest) => unknown) => {
    fastify.addContentTypeParser(mediaType, { parseAs: 'buffer' }, async (request: FastifyRequest, body: Buffer) =>
      body.length === 0 ? {} : parse(body, request),
    );
  };
  parser('application/json', parseJson);
  parser('application/x-www-form-urlencoded', parseForm);
  parser('multipart/form-data', parseMultipart);
}

function parseJson(body: Buffer): unknown {
  const text = textOf(body);
  let value: unknown;
  try {
    // Throws on `__proto__` and `constructor.prototype` keys too.
    value = secureJson.parse(text);
  } catch {
    throw malformed('the request body is not valid JSON');
  }
  const excess = excessOf(value);
  if (excess !== undefined) throw malformed(excess);
  return value;
}

function parseForm(body: Buffer): unknown {
  const text = textOf(body);
  const form = new URLSearchParams(text);
  // Escapes that are no UTF-8 decode to the replacement character, all to the same.
  if (form.toString().includes('%EF%BF%BD') && !/%EF%BF%BD|\ufffd/i.test(text)) throw notUtf8();
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
      reject(malformed('the request body is not valid multipart form data'));
    };
    try {
      const parser = new Busboy({ headers });
      parser.on('field', (name, value) => entries.push([name, value]));
      parser.on('file', (name, file) => {
        entries.push([name, null]);
        // A part without an end is told to the part too; with nobody listening, that would end the process.
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

/** Entries of a form by name. A field that is given more than once becomes an array, which no field of ours may be. */
function fieldsOf(form: readonly [string, unknown][]): Record<string, unknown> {
  if (form.length > MAX_FIELDS) throw malformed(TOO_MANY_FIELDS);
  const fields = new Map<string, unknown[]>();
  for (const [name, value] of form) fields.set(name, [...(fields.get(name) ?? []).slice(0, 1), value]);
  if (fields.has('__proto__')) throw malformed('the request body has a field that is not allowed');
  return Object.fromEntries(Array.from(fields, ([name, values]) => [name, values.length === 1 ? values[0] : values]));
}

function textOf(body: Buffer): string {
  if (!isUtf8(body)) throw notUtf8();
  const text = body.toString();
  return text.startsWith('\ufeff') ? text.slice(1) : text;
}

/** What a value has too much of, if anything. Level by level: whoever nests deeply has no say in how deep this calls itself. */
function excessOf(value: unknown): string | undefined {
  let level = [value];
  let fields = 0;
  for (let depth = 0; ; depth++) {
    const nested = level.filter((item) => typeof item === 'object' && item !== null);
    if (nested.length === 0) return undefined;
    if (depth === MAX_DEPTH) return 'the request body is nested too deeply';
    level = nested.flatMap((item) => Object.values(item) as unknown[]);
    fields += level.length;
    if (fields > MAX_FIELDS) return TOO_MANY_FIELDS;
  }
}

function notUtf8(): FailureError {
  return malformed('the request body is not valid UTF-8');
}

function malformed(detail: string): FailureError {
  return new FailureError({ code: 'malformed_body', detail });
}
