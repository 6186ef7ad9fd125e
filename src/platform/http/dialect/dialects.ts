import type { FastifyInstance } from 'fastify';
import { routeOf } from '../request/paths.js';
import type { Dialect } from './dialect.js';

declare module 'fastify' {
  interface FastifyInstance {
    dialects: Dialects;
  }
  interface FastifyRequest {
    /** The dialect of the request's path. */
    dialect: Dialect;
  }
}

/** Finds the dialect of a path. */
export class Dialects {
  readonly all: readonly Dialect[];
  private readonly byPrefix: ReadonlyMap<string, Dialect>;

  /** @param fallback the dialect of every path that belongs to none of `dialects` */
  constructor(
    dialects: readonly Dialect[],
    private readonly fallback: Dialect,
  ) {
    this.all = [...dialects, fallback];
    this.byPrefix = new Map(dialects.map((dialect) => [dialect.prefix, dialect]));
  }

  /** Returns the dialect of a path, which begins with a slash and is decoded. */
  of(path: string): Dialect {
    return this.byPrefix.get(path.split('/', 2)[1] ?? '') ?? this.fallback;
  }

  /** Returns every media type that at least one dialect takes. */
  get mediaTypes(): ReadonlySet<string> {
    return new Set(this.all.flatMap(({ mediaTypes }) => mediaTypes));
  }
}

/** Sets `request.dialect`. Must come before every hook that may refuse a request. */
export function chooseDialects(fastify: FastifyInstance, dialects: Dialects): void {
  fastify.decorate('dialects', dialects);
  fastify.decorateRequest('dialect');
  fastify.addHook('onRequest', (request, _reply, done) => {
    request.dialect = dialects.of(routeOf(request));
    done();
  });
}
