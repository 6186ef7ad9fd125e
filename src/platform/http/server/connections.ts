import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Tracks the connections of a server, with the answers that each connection still owes, in the
 * order of their requests.
 */
export class Connections implements Iterable<[Socket, ReadonlySet<ServerResponse>]> {
  private readonly owed = new Map<Socket, Set<ServerResponse>>();

  /** Must be called before any other listener for `request` is added. */
  watch(server: Server): void {
    server.on('connection', (socket: Socket) => {
      const answers = new Set<ServerResponse>();
      this.owed.set(socket, answers);
      // Node removes its own listener when it hands a socket over, for example at CONNECT. Without
      // a listener, a reset would end the process.
      socket.on('error', ignore);
      socket.once('close', () => {
        this.owed.delete(socket);
        abandon(answers);
      });
    });
    server.on('request', ({ socket }, response) => {
      const answers = this.owed.get(socket);
      answers?.add(response);
      // A write after the client has disconnected raises an error on the answer.
      response.on('error', ignore);
      response.once('close', () => answers?.delete(response));
    });
  }

  get size(): number {
    return this.owed.size;
  }

  /** Returns the answers that a connection owes. A closed connection owes none. */
  owedTo(socket: Socket): ReadonlySet<ServerResponse> {
    return this.owed.get(socket) ?? new Set();
  }

  [Symbol.iterator](): IterableIterator<[Socket, ReadonlySet<ServerResponse>]> {
    return this.owed.entries();
  }
}

/**
 * Ends the answers of a closed connection that wait behind another answer. Node ends only the
 * answer that it was sending. The others would keep their files open, and their clients would count
 * as connected.
 */
function abandon(answers: ReadonlySet<ServerResponse>): void {
  for (const answer of answers) {
    if (answer.socket) continue;
    answer.destroy();
    // `stream.finished` reads it, for code that begins to send a file only now.
    Object.defineProperty(answer, 'closed', { value: true });
    answer.emit('close');
  }
}

function ignore(): void {
  // `close` follows.
}
