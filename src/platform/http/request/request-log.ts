import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { routeOf } from './paths.js';

/** A JWT, or its beginning: each begins with `{"` in base64url. */
const TOKEN = /eyJ[\w.%=-]*/g;

/** Characters of a path, or of an address, that a line holds at most. A client may send 8 KiB of either. */
const PATH_LENGTH = 200;
const ADDRESS_LENGTH = 45;

const REQUEST_ID = /^[\w.:-]{1,128}$/;

/** The id that the caller gave a request in `X-Request-Id`, if it is a plain one, else a new one. */
export function requestIdOf(request: IncomingMessage): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
}

/** One line a request, without query strings, headers and bodies, which may hold secrets; and the request's id in its answer. */
export function logRequests(fastify: FastifyInstance, logger: Logger): void {
  // Nothing that is written here could hold what is kept out of other lines, and looking for it takes as long as the line.
  const lines = logger.child({}, { redact: [] });

  // Not earlier: some answers of the framework pass by the other hooks.
  fastify.addHook('onSend', (request, reply, _payload, done) => {
    reply.header('X-Request-Id', request.id);
    done();
  });
  fastify.addHook('onRequestAbort', (request, done) => {
    lines.info(
      { reqId: request.id, method: request.method, path: pathForLog(request) },
      'request aborted by the client',
    );
    done();
  });
  fastify.addHook('onResponse', (request, reply, done) => {
    const { id, method } = request;
    // Not always an address: a trusted proxy may forward anything.
    const ip = request.ip.slice(0, ADDRESS_LENGTH);
    const ms = Math.round(reply.elapsedTime);
    lines.info({ reqId: id, method, path: pathForLog(request), status: reply.statusCode, ms, ip }, 'request');
    done();
  });
}

/** The route, or the path where there is none, without tokens that somebody took for a part of it. */
function pathForLog(request: FastifyRequest): string {
  return request.routeOptions.url ?? routeOf(request).slice(0, PATH_LENGTH).replace(TOKEN, '[token]');
}
