import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** The connections of a server, and the answers that each of them still owes, in the order of their requests. */
export class Connections implements Iterable<[Socket, ReadonlySet<ServerResponse>]> {
  private readonly owed = new Map<Socket, Set<ServerResponse>>();

  /** To be called before any other listener for `request`. */
  watch(server: Server): void {
    server.on('connection', (socket: Socket) => {
      const answers = new Set<ServerResponse>();
      this.owed.set(socket, answers);
      // Node takes its own listener away when it hands a socket over, for example at CONNECT. Without one, a reset would end the process.
      socket.on('error', ignore);
      socket.once('close', () => {
        this.owed.delete(socket);
        abandon(answers);
      });
    });
    server.on('request', ({ socket }, response) => {
      const answers = this.owed.get(socket);
      answers?.add(response);
      // A write after the client has gone raises an error on the answer.
      response.on('error', ignore);
      response.once('close', () => answers?.delete(response));
    });
  }

  get size(): number {
    return this.owed.size;
  }

  /** Empty for a connection that is closed. */
  owedTo(socket: Socket): ReadonlySet<ServerResponse> {
    return this.owed.get(socket) ?? new Set();
  }

  [Symbol.iterator](): IterableIterator<[Socket, ReadonlySet<ServerResponse>]> {
    return this.owed.entries();
  }
}

/**
 * Ends the answers of a closed connection that wait behind another one. Node ends only the one that it was sending; the rest would keep
 * their open files for ever, and their clients would count as present.
 */
function abandon(answers: ReadonlySet<ServerResponse>): void {
  for (const answer of answers) {
    if (answer.socket) continue;
    answer.destroy();
    // Code that begins to send a file only now reads this, see `stream.finished`.
    Object.defineProperty(answer, 'closed', { value: true });
    answer.emit('close');
  }
}

function ignore(): void {
  // The socket's `close` follows, and says all that is needed.
}
