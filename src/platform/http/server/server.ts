import { createServer, type Server } from 'node:http';
import type { FastifyServerFactory } from 'fastify';
import type { Logger } from 'pino';
import type { Connections } from './connections.js';
import { limitConnections } from './connection-limit.js';
import { turnsEvery } from './turns.js';
import { Pipelining } from './pipelining.js';
import { cutStalledAnswers } from './stalled-answers.js';

const HEADER_LIMIT_BYTES = 8 * 1024;
const HEADERS_TIMEOUT_MS = 5_000;
/** For a whole request to arrive, headers and body. */
const REQUEST_TIMEOUT_MS = 10_000;
/** For an answer to be made, beside what {@link Limits} say, and to be taken. */
const ANSWER_TIMEOUT_MS = 10_000;
const LOG_PAUSE_MS = 1_000;

export interface Limits {
  /** Clients at a time. */
  readonly maxConnections: number;
  /** Of these, from one source; see {@link Limits.sourceOf}. */
  readonly maxConnectionsOfSource: number;
  /** The source that a peer's address counts for; undefined for a trusted proxy, which has no bound of its own. */
  readonly sourceOf: (address: string) => string | undefined;
  /** How long a connection is kept without a request. */
  readonly keepAliveMs: number;
  /** How long a request may have to wait for its turn. */
  readonly waitMs: number;
}

/** Makes the HTTP server: what it takes, how long it waits for it, and from how many clients at a time. */
export function serverFactory(limits: Limits, connections: Connections, logger: Logger): FastifyServerFactory {
  return (handler) => {
    const server = createServer({
      maxHeaderSize: HEADER_LIMIT_BYTES,
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: limits.keepAliveMs,
      connectionsCheckingInterval: 1_000,
      // Refused in words, see refuseAmbiguousRequests.
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

/** Fastify listens for errors of the start alone; later ones say that a connection could not be accepted, which is no reason to stop. */
function logFailedAccepts(server: Server, logger: Logger): void {
  const takeTurnToLog = turnsEvery(LOG_PAUSE_MS);
  server.on('error', (error) => {
    if (server.listening && takeTurnToLog())
      logger.error({ event: 'accept_failed', err: error }, 'a connection was not accepted');
  });
}
