import type { FastifyInstance, FastifyRequest } from 'fastify';
import { FailureError } from '../../errors/failure.error.js';

const UTF8 = new Set(['utf-8', 'utf8', '"utf-8"', '"utf8"']);

/**
 * Refuses a body (415) whose media type the dialect of the request does not take, a compressed
 * body, and a body whose `charset` is not UTF-8. The parsers would read that body as UTF-8.
 */
export function refuseForeignMediaTypes(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', (request, _reply, done) => {
    done(isForeign(request) ? new FailureError({ code: 'unsupported_media_type' }) : undefined);
  });
}

function isForeign({ dialect, headers, method }: FastifyRequest): boolean {
  const { 'content-type': contentType, 'content-encoding': encoding = '' } = headers;
  const mediaType = contentType?.split(';', 1)[0]?.trim().toLowerCase();
  if (!contentType || !mediaType || method === 'GET' || method === 'HEAD') return false;
  if (!/^(identity)?$/i.test(encoding) || !dialect.mediaTypes.includes(mediaType)) return true;
  return contentType.includes(';') && !isUtf8(contentType);
}

/**
 * Tells whether a media type names no other `charset` than UTF-8. Avoids Node's `MIMEType`, whose
 * time grows with the square of the white space.
 */
function isUtf8(contentType: string): boolean {
  // None of these media types has a parameter whose value may hold a semicolon.
  const parameters = contentType.split(';').map((parameter) => parameter.trim().toLowerCase());
  return parameters.every((parameter) => !parameter.startsWith('charset=') || UTF8.has(parameter.slice(8)));
}
