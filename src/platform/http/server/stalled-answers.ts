import type { Server, ServerResponse } from 'node:http';
import type { Connections } from './connections.js';

const CHECK_MS = 1_000;
/** How long a client may take to receive an answer that is complete. */
const READY_MS = 5_000;

interface Observation {
  readonly since: number;
  readonly isReady: boolean;
}

/**
 * Closes connections whose client does not read its answer. Node's own timeouts cover only
 * requests.
 * @param wholeMs how long an answer may take from its request to its end
 */
export function cutStalledAnswers(server: Server, connections: Connections, wholeMs: number): void {
  const observations = new WeakMap<ServerResponse, Observation>();

  const isStalled = (answer: ServerResponse, now: number) => {
    const isReady = answer.writableEnded;
    const earlier = observations.get(answer);
    if (earlier?.isReady === isReady) return now - earlier.since >= (isReady ? READY_MS : wholeMs);
    observations.set(answer, { since: now, isReady });
    return false;
  };
  const timer = setInterval(() => {
    const now = performance.now();
    for (const [socket, [oldest]] of connections) if (oldest && isStalled(oldest, now)) socket.destroy();
  }, CHECK_MS).unref();
  server.once('close', () => {
    clearInterval(timer);
  });
}
