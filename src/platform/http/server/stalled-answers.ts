import type { Server, ServerResponse } from 'node:http';
import type { Connections } from './connections.js';

const CHECK_MS = 1_000;
/** For an answer that is ready to be taken by its client. */
const READY_MS = 5_000;

interface Sight {
  readonly since: number;
  readonly isReady: boolean;
}

/**
 * Cuts connections whose client does not take its answer. Node's own timeouts watch over what comes in alone.
 * @param wholeMs for an answer from its request to its end, whatever keeps it
 */
export function cutStalledAnswers(server: Server, connections: Connections, wholeMs: number): void {
  const sights = new WeakMap<ServerResponse, Sight>();

  const isStalled = (answer: ServerResponse, now: number) => {
    const isReady = answer.writableEnded;
    const sight = sights.get(answer);
    if (sight?.isReady === isReady) return now - sight.since >= (isReady ? READY_MS : wholeMs);
    sights.set(answer, { since: now, isReady });
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
