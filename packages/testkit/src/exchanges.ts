import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { FaultAction } from './faults.js';
import type { TestClock } from './providers/test-clock.js';

/** A request and its answer, unmasked. */
export interface Exchange {
  /** Milliseconds since 1970, by the clock of the tenant. */
  readonly at: number;
  /** The time of the request, by the same clock. */
  readonly startedAt: number;
  /** Its place in the order in which exchanges end, from 1. */
  readonly number: number;
  /** How many exchanges had ended when the request came. */
  readonly endedBefore: number;
  readonly method: string;
  /** The path with its query, below the base URL of the tenant. */
  readonly url: string;
  readonly requestHeaders: Readonly<Record<string, string | string[] | undefined>>;
  /** The parsed body; undefined for a request without one, or refused before it was read. */
  readonly requestBody: unknown;
  /** 0 if a fault has dropped the answer. */
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | number | undefined>>;
  readonly text: string;
  /** What a fault has done to this exchange. */
  readonly fault?: FaultAction;
}

/** How many exchanges are kept. */
const MOST = 1_000;

/** The latest exchanges of a tenant. */
export class Exchanges {
  private kept: Exchange[] = [];
  private readonly listeners: ((exchange: Exchange) => void)[] = [];
  private readonly texts = new WeakMap<FastifyRequest, string>();
  private readonly starts = new WeakMap<FastifyRequest, Pick<Exchange, 'startedAt' | 'endedBefore'>>();
  private readonly bodies = new WeakMap<FastifyRequest, unknown>();
  private readonly faults = new WeakMap<FastifyRequest, FaultAction>();
  private ended = 0;

  constructor(private readonly clock: TestClock) {}

  /** The latest 1,000, the oldest first. */
  get list(): readonly Exchange[] {
    return this.kept;
  }

  /** Calls a function with every exchange from now on. */
  subscribe(listener: (exchange: Exchange) => void): void {
    this.listeners.push(listener);
  }

  /** Notes that a request meets a fault. */
  noteFault(request: FastifyRequest, action: FaultAction): void {
    this.faults.set(request, action);
  }

  /** Adds an exchange whose answer a fault cuts off. Fastify reports no response for it. */
  addUnfinished(request: FastifyRequest, reply: FastifyReply, answer: Pick<Exchange, 'status' | 'text'>): void {
    this.add({ ...this.exchangeOf(request, reply), ...answer });
  }

  clear(): void {
    this.kept = [];
  }

  /** Adds the hooks that capture what a server is asked and answers. */
  capture(fastify: FastifyInstance): void {
    fastify.addHook('onRequest', (request, _reply, done) => {
      this.starts.set(request, { startedAt: this.clock.now(), endedBefore: this.ended });
      done();
    });
    // Guards of the service replace the body by the fields that they know.
    fastify.addHook('preValidation', (request, _reply, done) => {
      this.bodies.set(request, request.body);
      done();
    });
    fastify.addHook('onSend', (request, _reply, payload, done) => {
      if (typeof payload === 'string' || Buffer.isBuffer(payload)) this.texts.set(request, payload.toString());
      done();
    });
    fastify.addHook('onResponse', (request, reply, done) => {
      this.add(this.exchangeOf(request, reply));
      done();
    });
  }

  private exchangeOf(request: FastifyRequest, reply: FastifyReply): Exchange {
    const at = this.clock.now();
    // The service refuses some requests before the hook that notes their start.
    const start = this.starts.get(request) ?? { startedAt: at, endedBefore: this.ended };
    const fault = this.faults.get(request);
    this.ended += 1;
    return {
      at,
      number: this.ended,
      ...start,
      method: request.method,
      url: request.url,
      requestHeaders: request.headers,
      requestBody: this.bodies.get(request),
      status: reply.statusCode,
      headers: reply.getHeaders(),
      text: this.texts.get(request) ?? '',
      ...(fault && { fault }),
    };
  }

  private add(exchange: Exchange): void {
    this.kept.push(exchange);
    if (this.kept.length > MOST) this.kept.shift();
    for (const listener of this.listeners) listener(exchange);
  }
}
