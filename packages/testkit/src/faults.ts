import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Failure, FailureOf } from '../../../src/platform/errors/failure.js';
import { FailureError } from '../../../src/platform/errors/failure.error.js';
import { answerOf } from '../../../src/platform/http/dialect/dialect.js';
import type { Exchanges } from './exchanges.js';

/** What a fault is asked to do. */
export interface FaultRequest {
  /** Which requests it befalls; every request unless given. */
  readonly match?: {
    readonly method?: string;
    /** A path below the base URL. With `*` at its end, every path that begins so. */
    readonly path?: string;
    /** The `username` in the body of the request. */
    readonly username?: string;
  };
  /** Before the handler runs, or after it has finished and everything is written. */
  readonly when?: 'before' | 'after';
  readonly action: 'fail' | 'delay' | 'truncate' | 'drop';
  /** For `fail`: what the service refuses, in the words of the route. */
  readonly failure?: Failure['code'];
  /** For `fail` with `throttled` or `unavailable`, in seconds. */
  readonly retry_after?: number;
  /** For `delay`. */
  readonly delay_ms?: number;
  /** How many requests it befalls. */
  readonly times?: number;
  /** How many requests that match pass before. */
  readonly skip?: number;
}

/** A fault, with how often it has happened. */
export interface Fault extends FaultRequest {
  readonly id: string;
  readonly when: 'before' | 'after';
  readonly left: number;
  readonly happened: number;
}

/** Every failure, with parameters that a test does not have to give. */
const FAILURES: { readonly [Code in Failure['code']]: FailureOf<Code> } = {
  invalid_fields: { code: 'invalid_fields', fields: { username: [{ code: 'invalid' }] } },
  invalid_credentials: { code: 'invalid_credentials' },
  token_missing: { code: 'token_missing' },
  token_not_valid: { code: 'token_not_valid' },
  client_not_authenticated: { code: 'client_not_authenticated' },
  user_exists: { code: 'user_exists' },
  session_not_found: { code: 'session_not_found' },
  throttled: { code: 'throttled', retryAfter: 60 },
  unavailable: { code: 'unavailable', retryAfter: 2 },
  client_disconnected: { code: 'client_disconnected' },
  malformed_body: { code: 'malformed_body', problem: 'not_json' },
  not_found: { code: 'not_found' },
  method_not_allowed: { code: 'method_not_allowed', allow: ['GET'] },
  payload_too_large: { code: 'payload_too_large' },
  unsupported_media_type: { code: 'unsupported_media_type' },
  bad_request: { code: 'bad_request', status: 400 },
  internal: { code: 'internal' },
};

export const FAILURE_CODES = Object.keys(FAILURES) as Failure['code'][];

interface Counted {
  readonly request: FaultRequest;
  readonly when: 'before' | 'after';
  left: number;
  toSkip: number;
  happened: number;
}

/** The faults that befall the requests of a tenant. */
export class Faults {
  private readonly all = new Map<string, Counted>();

  constructor(private readonly exchanges: Exchanges) {}

  add(request: FaultRequest): Fault {
    const id = randomUUID();
    const { when = 'before', times = 1, skip = 0 } = request;
    const counted = { request, when, left: times, toSkip: skip, happened: 0 };
    this.all.set(id, counted);
    return stateOf(id, counted);
  }

  get list(): Fault[] {
    return Array.from(this.all, ([id, counted]) => stateOf(id, counted));
  }

  /** @returns whether there was such a fault */
  remove(id: string): boolean {
    return this.all.delete(id);
  }

  clear(): void {
    this.all.clear();
  }

  /** Adds the hooks that make faults happen. To be called after the hooks that capture requests. */
  inject(fastify: FastifyInstance): void {
    fastify.addHook('preHandler', async (request, reply) => {
      const fault = this.take('before', request);
      if (!fault) return;
      if (fault.action === 'delay') {
        await sleep(fault.delay_ms ?? 0);
        return;
      }
      this.exchanges.markInjected(request);
      if (fault.action === 'fail') throw new FailureError(failureOf(fault));
      reply.hijack();
      request.raw.socket.destroy();
    });
    fastify.addHook('onSend', async (request, reply, payload) => {
      const fault = this.take('after', request);
      if (!fault) return payload;
      if (fault.action === 'delay') {
        await sleep(fault.delay_ms ?? 0);
        return payload;
      }
      this.exchanges.markInjected(request);
      if (fault.action === 'fail') return this.replaceAnswer(request, reply, failureOf(fault));
      if (fault.action === 'truncate') sendHalf(reply, payload);
      else request.raw.socket.destroy();
      // The connection is gone, so there is nothing to go on with.
      return new Promise(() => undefined);
    });
  }

  /** Returns the first fault that befalls a request, and counts it. */
  private take(when: Counted['when'], request: FastifyRequest): FaultRequest | undefined {
    for (const fault of this.all.values()) {
      if (fault.when !== when || fault.left === 0 || !matches(fault.request, request)) continue;
      if (fault.toSkip > 0) {
        fault.toSkip -= 1;
        continue;
      }
      fault.left -= 1;
      fault.happened += 1;
      return fault.request;
    }
    return undefined;
  }

  private replaceAnswer(request: FastifyRequest, reply: FastifyReply, failure: Failure): string {
    const { status, headers, body } = answerOf(request.dialect, failure);
    reply.removeHeader('content-length');
    void reply.status(status).headers({ 'Content-Type': 'application/json; charset=utf-8', ...headers });
    return JSON.stringify(body);
  }
}

function stateOf(id: string, { request, when, left, happened }: Counted): Fault {
  return { ...request, id, when, left, happened };
}

function failureOf({ failure = 'unavailable', retry_after: retryAfter }: FaultRequest): Failure {
  const usual = FAILURES[failure];
  return retryAfter !== undefined && 'retryAfter' in usual ? { ...usual, retryAfter } : usual;
}

function matches({ match: { method, path, username } = {} }: FaultRequest, request: FastifyRequest): boolean {
  const [given = ''] = request.url.split('?', 1);
  if (method !== undefined && method.toUpperCase() !== request.method) return false;
  if (path !== undefined && !(path.endsWith('*') ? given.startsWith(path.slice(0, -1)) : given === path)) return false;
  return username === undefined || (request.body as { username?: unknown } | null | undefined)?.username === username;
}

/** Sends the headers of a whole answer and half of its body, and closes the connection. */
function sendHalf(reply: FastifyReply, payload: unknown): void {
  const body = typeof payload === 'string' || Buffer.isBuffer(payload) ? Buffer.from(payload) : Buffer.alloc(2);
  const headers = { ...reply.getHeaders(), 'content-length': body.length } as Record<string, string | number>;
  reply.raw.writeHead(reply.statusCode, headers);
  reply.raw.write(body.subarray(0, Math.floor(body.length / 2)), () => {
    reply.raw.destroy();
  });
}
