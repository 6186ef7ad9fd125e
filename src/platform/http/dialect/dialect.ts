import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Failure } from '../../errors/failure.js';

/** An answer on the wire. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** How the routes below one path prefix speak. */
export interface Dialect {
  /** First path segment, without slashes. */
  readonly prefix: string;
  /** Media types that a request body may have. */
  readonly mediaTypes: readonly string[];
  /** Words a refusal. Pure, and exhaustive over {@link Failure}. */
  present(failure: Failure): Answer;
}

/** Chooses the dialect of a request path. */
export class Dialects {
  private readonly byPrefix: ReadonlyMap<string, Dialect>;

  /** @param fallback speaks for every path that belongs to none of `dialects` */
  constructor(
    dialects: readonly Dialect[],
    private readonly fallback: Dialect,
  ) {
    this.byPrefix = new Map(dialects.map((dialect) => [dialect.prefix, dialect]));
  }

  /** @param route see {@link routeOf} */
  of(route: string): Dialect {
    const prefix = /^\/([^/]*)/.exec(route)?.[1] ?? '';
    return this.byPrefix.get(prefix) ?? this.fallback;
  }
}

/** The route that a request has reached, or its path where there is none: decoded, without query, fragment and host. */
export function routeOf(request: FastifyRequest): string {
  return request.routeOptions.url ?? pathOf(request.url);
}

/** A request target without scheme and host, which may stand before it (RFC 9112 section 3.2.2). */
export function originForm(url: string): string {
  const target = url.replace(/^https?:\/\/[^/?#]*/i, '');
  return target.startsWith('/') ? target : `/${target}`;
}

/** As the router reads it: dot segments and double slashes stand for themselves. */
function pathOf(url: string): string {
  const path = originForm(url).split(/[?#]/, 1)[0] ?? '';
  try {
    return decodeURI(path);
  } catch {
    return path;
  }
}

/** Sends an answer. */
export function answer(reply: FastifyReply, { status, headers, body }: Answer): void {
  // A route may have said already that its answers can be kept; a refusal cannot.
  void reply
    .status(status)
    .headers({ ...headers, 'Cache-Control': 'no-store' })
    .send(body);
}
