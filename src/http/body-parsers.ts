import { Busboy, type BusboyHeaders } from '@fastify/busboy';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import secureJson from 'secure-json-parse';
import { FailureError } from '../errors/failure.error.js';

/** Nesting beyond it is no body of ours, and would only exhaust the stack of whoever walks it. */
const MAX_DEPTH = 8;

/** Replaces Fastify's parsers by ours for JSON, urlencoded and multipart bodies; every other media type is refused (415). */
export function registerBodyParsers(fastify: FastifyInstance): void {
  fastify.removeAllContentTypeParsers();
  const parser = (mediaType: string, parse: (body: Buffer, request: FastifyRequest) => unknown) => {
    fastify.addContentTypeParser(mediaType, { parseAs: 'buffer' }, async (request: FastifyRequest, body: Buffer) =>
      body.length === 0 ? {} : parse(body, request),
    );
  };
  parser('application/json', parseJson);
  parser('application/x-www-form-urlencoded', (body) => fieldsOf(new URLSearchParams(textOf(body))));
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
  if (isDeeperThan(value, MAX_DEPTH)) throw malformed('the request body is nested too deeply');
  return value;
}

function parseMultipart(body: Buffer, request: FastifyRequest): Promise<unknown> {
  textOf(body);
  const fields: [string, unknown][] = [];
  return new Promise((resolve, reject) => {
    const refuse = () => {
      reject(malformed('the request body is not valid multipart form data'));
    };
    try {
      const parser = new Busboy({ headers: request.headers as BusboyHeaders });
      parser.on('field', (name, value) => fields.push([name, value]));
      parser.on('file', (name, file) => {
        fields.push([name, file]);
        file.resume();
      });
      parser.on('error', refuse);
      parser.on('finish', () => {
        resolve(fieldsOf(fields));
      });
      parser.end(body);
    } catch {
      refuse();
    }
  });
}

/** Entries of a form by name. A field that is given more than once becomes an array, which no field of ours may be. */
function fieldsOf(form: Iterable<[string, unknown]>): Record<string, unknown> {
  const fields = new Map<string, unknown>();
  for (const [name, value] of form) fields.set(name, fields.has(name) ? [fields.get(name), value] : value);
  if (fields.has('__proto__')) throw malformed('the request body has a field that is not allowed');
  return Object.fromEntries(fields);
}

function textOf(body: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    throw malformed('the request body is not valid UTF-8');
  }
}

function isDeeperThan(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return depth === 0 || Object.values(value).some((item) => isDeeperThan(item, depth - 1));
}

function malformed(detail: string): FailureError {
  return new FailureError({ code: 'malformed_body', detail });
}
