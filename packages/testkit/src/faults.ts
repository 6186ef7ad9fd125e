import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { answerOf } from '../../../src/platform/http/dialect/dialect.js';
import { send } from '../../../src/platform/http/dialect/answer.js';
import type { Exchanges } from './exchanges.js';
import { failureFrom, type FailureInput } from './failures.js';

export type FaultAction = 'fail' | 'delay' | 'truncate' | 'drop';

/** Which requests a fault is for. A member that is left out matches every request. */
export interface FaultMatch {
  readonly method?: string;
  /** The path below the base URL, exact or with `*` at its end. */
  readonly path?: string;
  /**
   * The `username` or `email` in the body. Requests without either, for example those with only a
   * bearer token, do not match.
   */
  readonly username?: string;
}

export interface FaultInput {
  readonly match?: FaultMatch;
  /** Default: `before`. `after`: the handler has run, and what it wrote is committed. */
  readonly when?: 'before' | 'after';
  readonly action: FaultAction;
  readonly failure?: FailureInput;
  readonly delay_ms?: number;
  /** How often the fault fires. Default: once. */
  readonly times?: number;
  /** How many matching requests pass first. Default: 0. */
  readonly skip?: number;
}

/** A fault with what is left of it. */
export interface Fault extends FaultInput {
  readonly id: string;
  readonly match: FaultMatch;
  readonly when: 'before' | 'after';
  /** How often it will still fire. */
  readonly times: number;
  readonly skip: number;
  readonly fired: number;
}

/** Headers of the answer that a failure replaces, which do not belong to the failure. */
const REPLACED = ['content-length', 'location', 'set-cookie', 'www-authenticate', 'retry-after', 'allow'];

type Payload = string | Buffer;

/** The faults of a tenant. They fire in the order in which they were added, one for a request. */
export class Faults {
  private known: Fault[] = [];
  private added = 0;
  private readonly after = new WeakMap<FastifyRequest, Fault>();
  /** Ends delays early. */
  private readonly delays = new Set<() => void>();

  constructor(private readonly exchanges: Exchanges) {}

  get list(): readonly Fault[] {
    return this.known;
  }

  add(input: FaultInput): Fault {
    const fault: Fault = { match: {}, when: 'before', times: 1, skip: 0, ...input, id: String(++this.added), fired: 0 };
    this.known.push(fault);
    return fault;
  }

  /** @returns whether there was such a fault */
  remove(id: string): boolean {
    const before = this.known.length;
    this.known = this.known.filter((fault) => fault.id !== id);
    return this.known.length < before;
  }

  /** Removes all faults, and ends delays that have begun. */
  clear(): void {
    this.known = [];
    for (const end of this.delays) end();
  }

  /**
   * Adds the hooks that fire faults. Call it before the hooks that capture answers, so that they
   * see the answers of faults. A request that is refused before its body is read meets no fault.
   */
  extend(fastify: FastifyInstance): void {
    fastify.addHook('preHandler', (request, reply, done) => {
      const fault = this.take(request);
      if (!fault) {
        done();
        return;
      }
      this.exchanges.noteFault(request, fault.action);
      if (fault.when === 'after') {
        this.after.set(request, fault);
        done();
      } else this.fireBefore(fault, request, reply, done);
    });
    fastify.addHook('onSend', (request, reply, payload, done) => {
      const fault = this.after.get(request);
      this.after.delete(request);
      if (fault) this.fireAfter(fault, request, reply, payload as Payload | undefined, done);
      else done(null, payload);
    });
  }

  /** Returns the fault that a request meets, and counts the request. */
  private take(request: FastifyRequest): Fault | undefined {
    for (const [i, fault] of this.known.entries()) {
      if (fault.times === 0 || !matches(fault.match, request)) continue;
      if (fault.skip > 0) {
        this.known[i] = { ...fault, skip: fault.skip - 1 };
        continue;
      }
      return (this.known[i] = { ...fault, times: fault.times - 1, fired: fault.fired + 1 });
    }
    return undefined;
  }

  private fireBefore(fault: Fault, request: FastifyRequest, reply: FastifyReply, done: () => void): void {
    if (fault.action === 'delay') this.delay(fault, done);
    else if (fault.action === 'fail') send(reply, answerOf(request.dialect, failureFrom(fault.failure ?? 'internal')));
    else this.drop(request, reply);
  }

  private fireAfter(
    fault: Fault,
    request: FastifyRequest,
    reply: FastifyReply,
    payload: Payload | undefined,
    done: (error: null, payload: unknown) => void,
  ): void {
    switch (fault.action) {
      case 'delay':
        this.delay(fault, () => {
          done(null, payload);
        });
        return;
      case 'fail':
        done(null, failing(fault, request, reply));
        return;
      case 'truncate':
        this.truncate(request, reply, Buffer.from(payload ?? ''));
        return;
      case 'drop':
        this.drop(request, reply);
    }
  }

  private delay({ delay_ms: ms = 0 }: Fault, then: () => void): void {
    const end = () => {
      clearTimeout(timer);
      this.delays.delete(end);
      then();
    };
    const timer = setTimeout(end, ms);
    this.delays.add(end);
  }

  /** Closes the connection without an answer. */
  private drop(request: FastifyRequest, reply: FastifyReply): void {
    reply.hijack();
    this.exchanges.addUnfinished(request, reply, { status: 0, text: '' });
    reply.raw.destroy();
  }

  /** Announces the whole answer, sends half of its body, and closes the connection. */
  private truncate(request: FastifyRequest, reply: FastifyReply, body: Buffer): void {
    const half = body.subarray(0, Math.floor(body.length / 2));
    reply.hijack();
    this.exchanges.addUnfinished(request, reply, { status: reply.statusCode, text: half.toString() });
    for (const [name, value] of Object.entries(reply.getHeaders()))
      if (value !== undefined) reply.raw.setHeader(name, value);
    reply.raw.setHeader('content-length', body.length);
    reply.raw.writeHead(reply.statusCode);
    reply.raw.write(half, () => reply.raw.destroy());
  }
}

/** Turns an answer into the answer to a failure. @returns its body */
function failing({ failure = 'internal' }: Fault, request: FastifyRequest, reply: FastifyReply): string {
  const { status, headers, body } = answerOf(request.dialect, failureFrom(failure));
  for (const name of REPLACED) reply.removeHeader(name);
  reply.status(status).headers({
    'Content-Type': 'application/json; charset=utf-8',
    ...headers,
    'Cache-Control': 'no-store',
  });
  return JSON.stringify(body);
}

function matches({ method, path, username }: FaultMatch, request: FastifyRequest): boolean {
  if (method !== undefined && method.toUpperCase() !== request.method) return false;
  if (path !== undefined && !isPath(path, request.url)) return false;
  return username === undefined || namesOf(request.body).includes(username.toLowerCase());
}

function isPath(path: string, url: string): boolean {
  const [asked = ''] = url.split('?', 1);
  if (path.endsWith('*')) return asked.startsWith(path.slice(0, -1));
  return withoutSlash(asked) === withoutSlash(path);
}

/** The service takes each path with and without a slash at its end. */
function withoutSlash(path: string): string {
  return path.endsWith('/') ? path.slice(0, -1) : path;
}

function namesOf(body: unknown): string[] {
  const { username, email } = (body ?? {}) as { username?: unknown; email?: unknown };
  return [username, email].flatMap((name) => (typeof name === 'string' ? name.toLowerCase() : []));
}
