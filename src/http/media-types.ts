import type { FastifyInstance } from 'fastify';
import { FailureError } from '../errors/failure.error.js';
import { type Dialects, routeOf } from './dialect.js';

/** Refuses bodies of a media type that the route's contract does not have (415), although another contract has it, and bodies that are compressed. */
export function refuseForeignMediaTypes(fastify: FastifyInstance, dialects: Dialects): void {
  fastify.addHook('onRequest', async (request) => {
    const mediaType = request.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase();
    if (!mediaType || request.method === 'GET' || request.method === 'HEAD') return;
    const isEncoded = !/^(identity)?$/i.test(request.headers['content-encoding'] ?? '');
    if (isEncoded || !dialects.of(routeOf(request)).mediaTypes.includes(mediaType))
      throw new FailureError({ code: 'unsupported_media_type' });
  });
}
