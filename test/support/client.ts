import type { OpenAPIObject } from '@nestjs/swagger';
import { Ajv } from 'ajv';
import { expect } from 'vitest';

/** An answer. `text` is the unparsed body, for tests of the order of its keys. */
export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // The client validates bodies against the OpenAPI document, so tests read members directly.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly body: any;
}

export interface Request {
  readonly json?: unknown;
  readonly form?: Record<string, string> | [string, string][];
  readonly multipart?: FormData;
  /** A body that is sent unchanged, with its media type. */
  readonly raw?: readonly [mediaType: string | undefined, body: string | Uint8Array];
  readonly bearer?: string;
  readonly headers?: Record<string, string>;
}

/** Calls the service, and validates every answer against the service's own OpenAPI document. */
export class Client {
  private readonly ajv = new Ajv({ strict: false, allErrors: true });

  constructor(
    readonly url: string,
    private readonly document: OpenAPIObject,
  ) {
    this.ajv.addSchema({ $id: 'openapi', ...(document as object) });
  }

  post(path: string, json?: unknown): Promise<Reply> {
    return this.call('POST', path, { json });
  }

  get(path: string, bearer?: string): Promise<Reply> {
    return this.call('GET', path, bearer === undefined ? {} : { bearer });
  }

  delete(path: string, json?: unknown): Promise<Reply> {
    return this.call('DELETE', path, { json });
  }

  async call(method: string, path: string, request: Request = {}): Promise<Reply> {
    const { body, mediaType } = bodyOf(request);
    const headers: Record<string, string> = { ...request.headers };
    if (mediaType) headers['content-type'] = mediaType;
    if (request.bearer !== undefined) headers['authorization'] = `Bearer ${request.bearer}`;
    const response = await fetch(this.url + path, { method, headers, ...(body !== undefined && { body }) });
    const text = await response.text();
    const reply = { status: response.status, headers: response.headers, text, body: parsed(text, response.headers) };
    this.validate(method, path, reply);
    return reply;
  }

  /** Fails the test if an answer differs from the documentation of its operation. */
  private validate(method: string, path: string, reply: Reply): void {
    const template = this.templateOf(pathname(path));
    const operation = this.operation(template, method);
    if (!operation) {
      expect([404, 405], `${method} ${template} is not documented`).toContain(reply.status);
      return;
    }
    const response = operation.responses[String(reply.status)];
    expect(response, `${method} ${template} does not document ${reply.status}: ${reply.text}`).toBeDefined();
    const content = (response as { content?: Record<string, unknown> }).content;
    if (!content) {
      expect(reply.text).toBe('');
      return;
    }
    const mediaType = reply.headers.get('content-type')?.split(';')[0] ?? '';
    expect(Object.keys(content)).toContain(mediaType);
    const pointer = [
      'paths',
      template,
      method.toLowerCase(),
      'responses',
      String(reply.status),
      'content',
      mediaType,
      'schema',
    ];
    const schema = this.ajv.getSchema(`openapi#/${pointer.map(escaped).join('/')}`);
    expect(schema, pointer.join(' ')).toBeDefined();
    const valid = schema?.(reply.body);
    expect(valid, `${method} ${template} ${reply.status} ${reply.text}: ${this.ajv.errorsText(schema?.errors)}`).toBe(
      true,
    );
    this.validateHeaders(response as { headers?: Record<string, unknown> }, reply);
  }

  private validateHeaders({ headers = {} }: { headers?: Record<string, unknown> }, reply: Reply): void {
    for (const name of Object.keys(headers)) expect(reply.headers.has(name), `${name} on ${reply.status}`).toBe(true);
  }

  /** Returns the documented path template that matches a path, or the path itself. */
  private templateOf(path: string): string {
    const segments = path.split('/');
    const fits = (template: string) => {
      const parts = template.split('/');
      return parts.length === segments.length && parts.every((part, i) => part.startsWith('{') || part === segments[i]);
    };
    return path in this.document.paths ? path : (Object.keys(this.document.paths).find(fits) ?? path);
  }

  private operation(template: string, method: string) {
    const item = this.document.paths[template] as Record<string, { responses: Record<string, unknown> }> | undefined;
    return item?.[method.toLowerCase()];
  }
}

function bodyOf({ json, form, multipart, raw }: Request): { body?: RequestInit['body']; mediaType?: string } {
  if (raw) return { body: raw[1] as string, ...(raw[0] !== undefined && { mediaType: raw[0] }) };
  if (form) return { body: new URLSearchParams(form).toString(), mediaType: 'application/x-www-form-urlencoded' };
  if (multipart) return { body: multipart };
  return json === undefined ? {} : { body: JSON.stringify(json), mediaType: 'application/json' };
}

function parsed(text: string, headers: Headers): unknown {
  return /[/+]json/.test(headers.get('content-type') ?? '') ? JSON.parse(text) : text;
}

function pathname(path: string): string {
  const name = path.split('?')[0] ?? '';
  return name.length > 1 && name.endsWith('/') ? name.slice(0, -1) : name;
}

const escaped = (token: string) => encodeURIComponent(token.replaceAll('~', '~0').replaceAll('/', '~1'));
