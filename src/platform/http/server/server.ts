import { createServer, type Server } from 'node:http';
import type { FastifyServerFactory } from 'fastify';
import type { Logger } from 'pino';
import type { Connections } from './connections.js';
import { type ConnectionBounds, limitConnections } from './connection-limit.js';
import { turnsEvery } from './turns.js';
import { Pipelining } from './pipelining.js';
import { cutStalledAnswers } from './stalled-answers.js';

const HEADER_LIMIT_BYTES = 8 * 1024;
const HEADERS_TIMEOUT_MS = 5_000;
/** How long a whole request may take to arrive, headers and body. */
const REQUEST_TIMEOUT_MS = 10_000;
/** How long an answer may take beyond `waitMs`. */
const ANSWER_TIMEOUT_MS = 10_000;
const LOG_PAUSE_MS = 1_000;

export interface Limits extends ConnectionBounds {
  /** How long a connection without a request stays open. */
  readonly keepAliveMs: number;
  /** How long a request may wait for its turn to be worked on. */
  readonly waitMs: number;
}

/** Returns a factory of the HTTP server with its limits on sizes, times and connections. */
export function serverFactory(limits: Limits, connections: Connections, logger: Logger): FastifyServerFactory {
  return (handler) => {
    const server = createServer({
      maxHeaderSize: HEADER_LIMIT_BYTES,
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: limits.keepAliveMs,
      connectionsCheckingInterval: 1_000,
      // refuseAmbiguousRequests checks it, and answers in the dialect of the path.
      requireHostHeader: false,
    });
    connections.watch(server);
    server.on('request', new Pipelining(connections, handler).onRequest);
    logFailedAccepts(server, logger);
    limitConnections(server, connections, limits, logger);
    cutStalledAnswers(server, connections, limits.waitMs + ANSWER_TIMEOUT_MS);
    return server;
  };
}

/**
 * Logs connections that could not be accepted, for example because no file descriptor is left.
 * Without this listener, the error would end the process. Fastify handles errors of the start.
 */
function logFailedAccepts(server: Server, logger: Logger): void {
  const takeTurnToLog = turnsEvery(LOG_PAUSE_MS);
  server.on('error', (error) => {
    if (server.listening && takeTurnToLog())
      logger.error({ event: 'accept_failed', err: error }, 'a connection was not accepted');
  });
}
