import type { FastifyInstance, FastifyRequest } from 'fastify';
import { routeOf } from '../http/request/paths.js';

/**
 * Sends browsers from `/` to Swagger UI. This is a hook, since a route would make other methods get
 * 405.
 */
export function redirectBrowsersToDocs(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', (request, reply, done) => {
    if (request.is404 && wantsStartPage(request)) void reply.redirect('/docs', 303);
    else done();
  });
}

function wantsStartPage(request: FastifyRequest): boolean {
  const { headers, method } = request;
  if (method !== 'GET' && method !== 'HEAD') return false;
  return routeOf(request) === '/' && /\btext\/html\b/i.test(headers.accept ?? '');
}
