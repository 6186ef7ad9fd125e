import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { TestClock } from './providers/test-clock.js';

/** A request and its answer, unmasked. */
export interface Exchange {
  /** Milliseconds since 1970, by the clock of the tenant. */
  readonly at: number;
  readonly method: string;
  /** The path with its query, below the base URL of the tenant. */
  readonly url: string;
  readonly requestHeaders: Readonly<Record<string, string | string[] | undefined>>;
  /** The parsed body; undefined for a request without one, or refused before it was read. */
  readonly requestBody: unknown;
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | number | undefined>>;
  readonly text: string;
}

/** How many exchanges are kept. */
const MOST = 1_000;

/** The latest exchanges of a tenant. */
export class Exchanges {
  private kept: Exchange[] = [];
  private readonly listeners: ((exchange: Exchange) => void)[] = [];
  private readonly texts = new WeakMap<FastifyRequest, string>();

  constructor(private readonly clock: TestClock) {}

  /** The latest 1,000, the oldest first. */
  get list(): readonly Exchange[] {
    return this.kept;
  }

  /** Calls a function with every exchange from now on. */
  subscribe(listener: (exchange: Exchange) => void): void {
    this.listeners.push(listener);
  }

  clear(): void {
    this.kept = [];
  }

  /** Adds the hooks that capture what a server is asked and answers. */
  capture(fastify: FastifyInstance): void {
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
    return {
      at: this.clock.now(),
      method: request.method,
      url: request.url,
      requestHeaders: request.headers,
      requestBody: request.body,
      status: reply.statusCode,
      headers: reply.getHeaders(),
      text: this.texts.get(request) ?? '',
    };
  }

  private add(exchange: Exchange): void {
    this.kept.push(exchange);
    if (this.kept.length > MOST) this.kept.shift();
    for (const listener of this.listeners) listener(exchange);
  }
}
