import type { FastifyInstance, FastifyRequest } from 'fastify';
import { FailureError } from '../../errors/failure.error.js';
import { type Dialects, routeOf } from '../dialect/dialect.js';

const UTF8 = new Set(['utf-8', 'utf8', '"utf-8"', '"utf8"']);

/**
 * Refuses three kinds of bodies with 415: those of a media type that only another contract has, compressed ones, and those whose
 * `charset` is not UTF-8, which would be read as UTF-8 all the same.
 */
export function refuseForeignMediaTypes(fastify: FastifyInstance, dialects: Dialects): void {
  fastify.addHook('onRequest', (request, _reply, done) => {
    done(isForeign(request, dialects) ? new FailureError({ code: 'unsupported_media_type' }) : undefined);
  });
}

function isForeign(request: FastifyRequest, dialects: Dialects): boolean {
  const { 'content-type': contentType, 'content-encoding': encoding = '' } = request.headers;
  const mediaType = contentType?.split(';', 1)[0]?.trim().toLowerCase();
  if (!contentType || !mediaType || request.method === 'GET' || request.method === 'HEAD') return false;
  if (!/^(identity)?$/i.test(encoding) || !dialects.of(routeOf(request)).mediaTypes.includes(mediaType)) return true;
  return contentType.includes(';') && !isUtf8(contentType);
}

/**
 * Whether a media type names no other `charset` than UTF-8. Not by Node's `MIMEType`, whose time grows with the square of the white
 * space.
 */
function isUtf8(contentType: string): boolean {
  // No parameter of these media types may have a semicolon in its value.
  const parameters = contentType.split(';').map((parameter) => parameter.trim().toLowerCase());
  return parameters.every((parameter) => !parameter.startsWith('charset=') || UTF8.has(parameter.slice(8)));
}
