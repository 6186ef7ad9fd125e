import type { FastifyInstance, FastifyRequest, RouteOptions } from 'fastify';
import { FailureError } from '../../errors/failure.error.js';
import { routeOf, withoutTrailingSlash } from './paths.js';

/**
 * Refuses requests that match no route, before their body is read. The answer is 405 with `Allow`
 * if the path has other methods (RFC 9110 section 15.5.6), else 404. Must be called before the
 * routes are registered.
 */
export function refuseUnknownRoutes(fastify: FastifyInstance): void {
  const methodsByPattern = new Map<string, Set<string>>();

  fastify.addHook('onRoute', ({ url, method }: RouteOptions) => {
    const pattern = withoutTrailingSlash(url);
    const methods = methodsByPattern.get(pattern) ?? new Set();
    for (const name of [method].flat()) methods.add(name);
    methodsByPattern.set(pattern, methods);
  });

  fastify.addHook('onRequest', (request, _reply, done) => {
    done(request.is404 ? refusalOf(request) : undefined);
  });

  function refusalOf(request: FastifyRequest): FailureError {
    const path = withoutTrailingSlash(routeOf(request));
    const allow = Array.from(methodsByPattern).flatMap(([pattern, methods]) =>
      matches(pattern, path) ? [...methods] : [],
    );
    if (allow.length > 0) return new FailureError({ code: 'method_not_allowed', allow: allow.sort() });
    return new FailureError({ code: 'not_found' });
  }
}

/**
 * Tells whether a path matches a pattern.
 * @param pattern a path whose segments may be parameters, such as `:id`
 */
function matches(pattern: string, path: string): boolean {
  const expected = pattern.split('/');
  const given = path.split('/');
  return expected.length === given.length && expected.every((part, i) => part.startsWith(':') || part === given[i]);
}
