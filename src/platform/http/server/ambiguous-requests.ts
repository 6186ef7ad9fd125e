import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { Failure } from '../../errors/failure.js';
import { FailureError } from '../../errors/failure.error.js';

/** Headers of which Node takes the first and a proxy may take the last. */
const SINGLE = new Set(['authorization', 'content-type', 'host']);

const BAD_REQUEST: Failure = { code: 'bad_request', status: 400 };

/**
 * Refuses requests that a proxy could read differently than this server:
 * - an HTTP version other than 1.0 and 1.1
 * - no `Host`, or several (RFC 9112 section 3.2)
 * - a second `Authorization` or `Content-Type`
 * - a transfer coding other than chunked (RFC 9112 section 6.1)
 *
 * Also refuses unknown expectations (RFC 9110 section 10.1.1). Node accepts some of these requests
 * and answers the others without a body. Needs Node's `requireHostHeader` turned off.
 */
export function refuseAmbiguousRequests(fastify: FastifyInstance): void {
  /**
   * Connections with an ambiguous request. Its end is unknown, so all later bytes are refused too.
   */
  const doubtful = new WeakSet<Socket>();

  fastify.server.on('checkExpectation', (request, response) => {
    fastify.server.emit('request', request, response);
  });
  fastify.addHook('onRequest', ({ raw }, reply, done) => {
    const failure = doubtful.has(raw.socket) ? BAD_REQUEST : problemOf(raw);
    if (!failure) {
      done();
      return;
    }
    doubtful.add(raw.socket);
    reply.header('Connection', 'close');
    done(new FailureError(failure));
  });
}

function problemOf(request: IncomingMessage): Failure | undefined {
  const { headers, httpVersion, rawHeaders } = request;
  const { expect, host, 'transfer-encoding': coding } = headers;
  if (httpVersion === '1.0' ? coding !== undefined : httpVersion !== '1.1' || host === undefined) return BAD_REQUEST;
  if (coding !== undefined && !/^chunked$/i.test(coding)) return BAD_REQUEST;
  if (expect !== undefined && !/^100-continue$/i.test(expect)) return { code: 'bad_request', status: 417 };
  const isRepeating = rawHeaders.length > 2 * Object.keys(headers).length;
  return isRepeating && repeatsSingle(rawHeaders) ? BAD_REQUEST : undefined;
}

/** @param rawHeaders names and values alternately */
function repeatsSingle(rawHeaders: readonly string[]): boolean {
  const names = rawHeaders.filter((_, i) => i % 2 === 0).map((name) => name.toLowerCase());
  return names.some((name, i) => SINGLE.has(name) && names.indexOf(name) !== i);
}
