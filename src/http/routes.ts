import type { FastifyInstance, RouteOptions } from 'fastify';
import { FailureError } from '../errors/failure.error.js';

/**
 * Answers requests that match no route before their body is read: 405 with `Allow` where the path exists under another
 * method (RFC 9110 section 15.5.6), else 404. To be called before the routes are registered.
 */
export function refuseUnknownRoutes(fastify: FastifyInstance): void {
  const methodsByPath = new Map<string, Set<string>>();

  fastify.addHook('onRoute', ({ url, method }: RouteOptions) => {
    const path = withoutTrailingSlash(url);
    const methods = methodsByPath.get(path) ?? new Set();
    for (const name of [method].flat()) methods.add(name);
    methodsByPath.set(path, methods);
  });

  fastify.addHook('onRequest', async (request) => {
    if (!request.is404) return;
    const path = withoutTrailingSlash(request.url.split('?', 1)[0] ?? '');
    const methods = methodsByPath.get(path);
    if (methods) throw new FailureError({ code: 'method_not_allowed', allow: [...methods].sort() });
    throw new FailureError({ code: 'not_found' });
  });
}

function withoutTrailingSlash(path: string): string {
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}
