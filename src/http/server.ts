import { createServer } from 'node:http';
import type { FastifyServerFactory } from 'fastify';
import type { Logger } from 'pino';
import type { Config } from '../config/config.js';
import type { Connections } from './connections.js';
import { limitConnections } from './connection-limit.js';
import { cutStalledAnswers } from './stalled-answers.js';

const HEADER_LIMIT_BYTES = 8 * 1024;
const HEADERS_TIMEOUT_MS = 5_000;
/** For a whole request to arrive, headers and body. */
const REQUEST_TIMEOUT_MS = 10_000;
/** For an answer to be made and taken, beside the wait for a turn to be hashed. */
const ANSWER_TIMEOUT_MS = 10_000;

/** Makes the HTTP server: what it takes, how long it waits for it, and from how many clients at a time. */
export function serverFactory(config: Config, connections: Connections, logger: Logger): FastifyServerFactory {
  return (handler) => {
    const server = createServer(
      {
        maxHeaderSize: HEADER_LIMIT_BYTES,
        headersTimeout: HEADERS_TIMEOUT_MS,
        requestTimeout: REQUEST_TIMEOUT_MS,
        keepAliveTimeout: config.KEEP_ALIVE_TIMEOUT * 1000,
        connectionsCheckingInterval: 1_000,
        // Refused in words, see refuseAmbiguousRequests.
        requireHostHeader: false,
      },
      handler,
    );
    connections.watch(server);
    limitConnections(server, connections, config.MAX_CONNECTIONS, logger);
    cutStalledAnswers(server, connections, config.HASH_TIMEOUT * 1000 + ANSWER_TIMEOUT_MS);
    return server;
  };
}
