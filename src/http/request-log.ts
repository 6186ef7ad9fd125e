import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { routeOf } from './dialect.js';

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

  fastify.addHook('onRequest', (request, reply, done) => {
    reply.header('X-Request-Id', request.id);
    done();
  });
  fastify.addHook('onRequestAbort', (request, done) => {
    lines.info({ reqId: request.id, method: request.method, path: routeOf(request) }, 'request aborted by the client');
    done();
  });
  fastify.addHook('onResponse', (request, reply, done) => {
    const { id, method, ip } = request;
    const ms = Math.round(reply.elapsedTime);
    lines.info({ reqId: id, method, path: routeOf(request), status: reply.statusCode, ms, ip }, 'request');
    done();
  });
}
