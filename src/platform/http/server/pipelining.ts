import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Connections } from './connections.js';

/** The most requests of one connection that are handled at a time. */
const MAX_UNDER_WAY = 30;

/** Methods that may be handled in parallel (RFC 9112 section 9.3.2). */
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

/** The requests of one connection that wait for their turn. */
interface Waiting {
  readonly requests: [IncomingMessage, ServerResponse][];
  /** Whether a turn for the next requests is scheduled. */
  isScheduled: boolean;
}

/**
 * Handles at most 30 requests of a connection at a time, and an unsafe request alone. Later
 * requests wait, and meanwhile the server reads nothing more from the connection. Node by itself
 * starts all requests that it has read, while other clients wait. An attacker could then guess many
 * passwords in parallel on one connection, and avoid the delay of each refusal.
 */
export class Pipelining {
  private readonly waiting = new WeakMap<Socket, Waiting>();

  constructor(
    private readonly connections: Connections,
    private readonly handler: RequestListener,
  ) {}

  readonly onRequest: RequestListener = (request, response) => {
    const { socket } = request;
    const waiting = this.waiting.get(socket);
    if (!waiting?.requests.length && this.mayBegin(request, 1)) {
      if (waiting) this.continueAfter(response, socket, waiting);
      this.handler(request, response);
      return;
    }
    const { requests } = waiting ?? this.startWaiting(socket);
    requests.push([request, response]);
    socket.pause();
  };

  private startWaiting(socket: Socket): Waiting {
    const waiting: Waiting = { requests: [], isScheduled: false };
    this.waiting.set(socket, waiting);
    // Node resumes reading when a handler reads the body of its request.
    socket.on('resume', () => {
      if (waiting.requests.length > 0) socket.pause();
    });
    for (const answer of this.connections.owedTo(socket)) this.continueAfter(answer, socket, waiting);
    return waiting;
  }

  private continueAfter(answer: ServerResponse, socket: Socket, waiting: Waiting): void {
    answer.once('close', () => {
      if (waiting.isScheduled) return;
      waiting.isScheduled = true;
      // At most once in a turn of the event loop, so that other connections are served in between.
      setImmediate(() => {
        waiting.isScheduled = false;
        this.continue(socket, waiting);
      });
    });
  }

  private continue(socket: Socket, waiting: Waiting): void {
    const { requests } = waiting;
    if (socket.destroyed) requests.length = 0;
    if (requests.length === 0) return;
    for (let next = requests[0]; next && this.mayBegin(next[0], requests.length); next = requests[0]) {
      const [request, response] = next;
      requests.shift();
      this.continueAfter(response, socket, waiting);
      this.handler(request, response);
    }
    if (requests.length === 0) socket.resume();
  }

  /**
   * Tells whether a request may begin.
   * @param waiting how many of the owed answers belong to requests that have not begun, this
   * request included
   */
  private mayBegin({ method, socket }: IncomingMessage, waiting: number): boolean {
    const owed = this.connections.owedTo(socket);
    const underWay = owed.size - waiting;
    if (underWay <= 0) return true;
    const [oldest] = owed;
    return underWay < MAX_UNDER_WAY && isSafe(method) && isSafe(oldest?.req.method);
  }
}

function isSafe(method: string | undefined): boolean {
  return method !== undefined && SAFE.has(method);
}
