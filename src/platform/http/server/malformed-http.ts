import { randomUUID } from 'node:crypto';
import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Logger } from 'pino';
import type { Failure } from '../../errors/failure.js';
import type { Connections } from './connections.js';
import { answerOf } from '../dialect/dialect.js';
import { problemDetails } from '../dialect/problem-details.js';

/** The statuses of errors of Node's parser. All other errors are 400. */
const STATUS: Readonly<Record<string, number>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 408,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  HPE_HEADER_OVERFLOW: 431,
};

/** How long a refused client may take to read its answer and close the connection. */
const LINGER_MS = 1_000;

const ALLOWED = ['DELETE', 'GET', 'HEAD', 'POST'];

/** What boot/http-app.ts sets on every other answer. test/operations.e2e-spec.ts compares both. */
const HEADERS = [
  'Cache-Control: no-store',
  "Content-Security-Policy: default-src 'none';connect-src 'self';script-src 'self';" +
    "style-src 'self' 'unsafe-inline';img-src 'self' data:;base-uri 'none';form-action 'none';frame-ancestors 'none'",
  'Cross-Origin-Opener-Policy: same-origin',
  'Cross-Origin-Resource-Policy: same-origin',
  'Referrer-Policy: no-referrer',
  'Strict-Transport-Security: max-age=31536000',
  'X-Content-Type-Options: nosniff',
  'X-Frame-Options: DENY',
];

/**
 * Answers bytes that are not an HTTP request, in problem details. They have neither a route nor a
 * Fastify reply.
 */
export class MalformedHttp {
  private readonly refused = new WeakSet<Socket>();

  constructor(
    private readonly connections: Connections,
    private readonly logger: Logger,
  ) {}

  /** For Fastify's `clientErrorHandler`. */
  readonly onClientError = (error: NodeJS.ErrnoException, socket: Socket): void => {
    if (error.code === 'ECONNRESET') {
      socket.destroy();
      return;
    }
    const { code = '' } = error;
    this.refuse(socket, { code: 'bad_request', status: STATUS[code] ?? 400 }, code);
  };

  /** Answers `CONNECT`. Node by itself closes the connection without an answer. */
  refuseTunnels(server: Server): void {
    server.on('connect', (_request, socket) => {
      // Node no longer reads this socket. Without reading, a disconnected client would go
      // unnoticed.
      socket.resume();
      this.refuse(socket as Socket, { code: 'method_not_allowed', allow: ALLOWED }, 'CONNECT');
    });
  }

  private refuse(socket: Socket, failure: Failure, reason: string): void {
    // Ignores all bytes after a refused request, while answers to earlier requests are in progress.
    if (this.refused.has(socket) && !socket.writableEnded) return;
    const earlier = [...this.connections.owedTo(socket)];
    const halfRead = earlier.find(({ req }) => !req.complete);
    if (!socket.writable || halfRead?.headersSent) {
      socket.destroy();
      return;
    }
    this.refused.add(socket);
    const last = earlier.filter((answer) => answer !== halfRead).at(-1);
    runAfter(last, () => {
      this.send(socket, failure, reason);
    });
  }

  private send(socket: Socket, failure: Failure, reason: string): void {
    if (!socket.writable) return;
    const { status, headers, body } = answerOf(problemDetails, failure);
    const reqId = randomUUID();
    this.logger.info({ reqId, status, reason, ip: socket.remoteAddress }, 'no request');
    const text = JSON.stringify(body);
    const lines = [
      `HTTP/1.1 ${status} ${(body as { title: string }).title}`,
      ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
      `Content-Length: ${Buffer.byteLength(text)}`,
      `X-Request-Id: ${reqId}`,
      'Connection: close',
      ...HEADERS,
    ];
    socket.end(`${lines.join('\r\n')}\r\n\r\n${text}`);
    setTimeout(() => {
      socket.destroy();
    }, LINGER_MS).unref();
  }
}

/** Runs the work after an answer. A client matches answers to its requests by their order. */
function runAfter(answer: ServerResponse | undefined, work: () => void): void {
  if (answer) answer.once('close', work);
  else work();
}
