import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { routeOf } from './paths.js';

/** A JWT or the beginning of a JWT. Each begins with `{"` in base64url. */
const TOKEN = /eyJ[\w.%=-]*/g;

/** The most characters of a path and of an address in a line. A client may send 8 KiB of either. */
const PATH_LENGTH = 200;
const ADDRESS_LENGTH = 45;

const REQUEST_ID = /^[\w.:-]{1,128}$/;

/** Returns the client's `X-Request-Id` if it has only plain characters, else a new id. */
export function requestIdOf(request: IncomingMessage): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
}

/**
 * Logs a line for each request, and sends the id of the request in its answer. Query strings,
 * headers and bodies may hold secrets, so no line has them.
 */
export function logRequests(fastify: FastifyInstance, logger: Logger): void {
  // These lines hold no secrets, and redaction takes ten times as long as writing a line.
  const lines = logger.child({}, { redact: [] });

  // The earlier hooks do not run for some answers of the framework.
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
    // A trusted proxy may forward anything, so this may not be an address.
    const ip = request.ip.slice(0, ADDRESS_LENGTH);
    const ms = Math.round(reply.elapsedTime);
    lines.info({ reqId: id, method, path: pathForLog(request), status: reply.statusCode, ms, ip }, 'request');
    done();
  });
}

/**
 * Returns the route, or the path if there is no route, without tokens that a client put into the
 * path.
 */
function pathForLog(request: FastifyRequest): string {
  return request.routeOptions.url ?? routeOf(request).slice(0, PATH_LENGTH).replace(TOKEN, '[token]');
}
