import { createServer } from 'node:http';
import type { FastifyServerFactory } from 'fastify';
import type { Logger } from 'pino';
import type { Connections } from './connections.js';
import { limitConnections } from './connection-limit.js';
import { cutStalledAnswers } from './stalled-answers.js';

const HEADER_LIMIT_BYTES = 8 * 1024;
const HEADERS_TIMEOUT_MS = 5_000;
/** For a whole request to arrive, headers and body. */
const REQUEST_TIMEOUT_MS = 10_000;
/** For an answer to be made, beside what {@link Limits} say, and to be taken. */
const ANSWER_TIMEOUT_MS = 10_000;

export interface Limits {
  /** Clients at a time. */
  readonly maxConnections: number;
  /** How long a connection is kept without a request. */
  readonly keepAliveMs: number;
  /** How long a request may have to wait for its turn. */
  readonly waitMs: number;
}

/** Makes the HTTP server: what it takes, how long it waits for it, and from how many clients at a time. */
export function serverFactory(limits: Limits, connections: Connections, logger: Logger): FastifyServerFactory {
  return (handler) => {
    const server = createServer(
      {
        maxHeaderSize: HEADER_LIMIT_BYTES,
        headersTimeout: HEADERS_TIMEOUT_MS,
        requestTimeout: REQUEST_TIMEOUT_MS,
        keepAliveTimeout: limits.keepAliveMs,
        connectionsCheckingInterval: 1_000,
        // Refused in words, see refuseAmbiguousRequests.
        requireHostHeader: false,
      },
      handler,
    );
    connections.watch(server);
    limitConnections(server, connections, limits.maxConnections, logger);
    cutStalledAnswers(server, connections, limits.waitMs + ANSWER_TIMEOUT_MS);
    return server;
  };
}
