import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { routeOf } from './dialect.js';

const REQUEST_ID = /^[\w.:-]{1,128}$/;

/** The id that the caller gave a request in `X-Request-Id`, if it is a plain one, else a new one. */
export function requestIdOf(request: IncomingMessage): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
}

/** One line a request, without query strings, headers and bodies, which may hold secrets; and the request's id in its answer. */
export function logRequests(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', async (request, reply) => {
    reply.header('X-Request-Id', request.id);
  });
  fastify.addHook('onRequestAbort', async (request) => {
    request.log.info({ method: request.method, path: routeOf(request) }, 'request aborted by the client');
  });
  fastify.addHook('onResponse', async (request, reply) => {
    const { method, ip } = request;
    const line = {
      method,
      path: routeOf(request),
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime),
      ip,
    };
    request.log.info(line, 'request');
  });
}
