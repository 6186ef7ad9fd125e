import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** The connections of a server, and the answers that each of them still owes, in the order of their requests. */
export class Connections implements Iterable<[Socket, ReadonlySet<ServerResponse>]> {
  private readonly owed = new Map<Socket, Set<ServerResponse>>();

  watch(server: Server): void {
    server.on('connection', (socket: Socket) => {
      this.owed.set(socket, new Set());
      socket.once('close', () => this.owed.delete(socket));
    });
    server.on('request', ({ socket }, response) => {
      const answers = this.owed.get(socket);
      answers?.add(response);
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
