import type { FastifyInstance, FastifyRequest } from 'fastify';
import { FailureError } from '../errors/failure.error.js';
import { type Dialects, routeOf } from './dialect.js';

/** Refuses bodies of a media type that the route's contract does not have (415), although another contract has it, and bodies that are compressed. */
export function refuseForeignMediaTypes(fastify: FastifyInstance, dialects: Dialects): void {
  fastify.addHook('onRequest', (request, _reply, done) => {
    done(isForeign(request, dialects) ? new FailureError({ code: 'unsupported_media_type' }) : undefined);
  });
}

function isForeign(request: FastifyRequest, dialects: Dialects): boolean {
  const { 'content-type': contentType, 'content-encoding': encoding = '' } = request.headers;
  const mediaType = contentType?.split(';', 1)[0]?.trim().toLowerCase();
  if (!mediaType || request.method === 'GET' || request.method === 'HEAD') return false;
  return !/^(identity)?$/i.test(encoding) || !dialects.of(routeOf(request)).mediaTypes.includes(mediaType);
}
