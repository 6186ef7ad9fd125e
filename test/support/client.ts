import type { OpenAPIObject } from '@nestjs/swagger';
import { expect } from 'vitest';
import { ContractChecker } from '../../packages/testkit/src/contract/checker.js';

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
  private readonly checker: ContractChecker;

  constructor(
    readonly url: string,
    document: OpenAPIObject,
  ) {
    this.checker = new ContractChecker(document);
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
    this.expectContract(method, path, headers, reply);
    return reply;
  }

  /** Fails the test if an answer differs from the documentation of its operation. */
  private expectContract(method: string, url: string, requestHeaders: Record<string, string>, reply: Reply): void {
    const { status, text } = reply;
    const headers = Object.fromEntries(reply.headers);
    const violations = this.checker.checkAnswer({ method, url, status, headers, text, requestHeaders });
    const messages = violations.map(({ message }) => message);
    expect(messages, `${method} ${url} answers ${status} ${text}`).toEqual([]);
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
