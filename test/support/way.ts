import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A TCP way to somewhere, on which a test can do what networks do. */
export class Way {
  /** Called with what goes to the target and what comes from it, before it is passed on. */
  onSend: (chunk: Buffer) => void = () => undefined;
  onReceive: (chunk: Buffer) => void = () => undefined;

  private readonly sockets = new Set<Socket>();
  private readonly server: Server;
  private isOpen = true;
  private isHanging = false;
  /** Milliseconds by which everything is late, in each direction. To be changed when nothing is under way. */
  delay = 0;
  /** Connections that came in so far. */
  count = 0;
  private readonly stalled = new WeakSet<Socket>();

  constructor(target: { readonly hostname: string; readonly port: string }) {
    // By value: a test may point the same URL object at this way.
    const { hostname, port } = target;
    this.server = createServer((socket) => {
      if (!this.isOpen) {
        socket.destroy();
        return;
      }
      this.count += 1;
      if (this.isHanging) {
        this.swallow(socket);
        return;
      }
      const upstream = connect(Number(port || 3306), hostname);
      this.pass(socket, upstream, (chunk) => {
        this.onSend(chunk);
      });
      this.pass(upstream, socket, (chunk) => {
        this.onReceive(chunk);
      });
    });
  }

  /** @returns the port to come in by */
  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return (this.server.address() as AddressInfo).port;
  }

  /** Cuts every connection, and lets none through. */
  close(): void {
    this.isOpen = false;
    for (const socket of this.sockets) socket.destroy();
    this.sockets.clear();
  }

  open(): void {
    this.isOpen = true;
  }

  /** Cuts every connection that there is now. */
  cut(): void {
    this.close();
    this.open();
  }

  /** Keeps every connection that there is now and passes nothing on, like a server that is stopped but not dead. */
  stall(): void {
    for (const socket of this.sockets) this.stalled.add(socket);
  }

  /** As {@link stall}, and new connections are taken and get no answer either, until {@link resume}. */
  hang(): void {
    this.isHanging = true;
    this.stall();
  }

  /** New connections get through. Those that hung are dead. */
  resume(): void {
    this.isHanging = false;
  }

  end(): void {
    this.close();
    this.server.close();
  }

  private swallow(socket: Socket): void {
    this.sockets.add(socket);
    socket.resume();
    socket.on('error', () => undefined);
    socket.on('close', () => this.sockets.delete(socket));
  }

  private pass(from: Socket, to: Socket, heard: (chunk: Buffer) => void): void {
    this.sockets.add(from);
    from.on('data', (chunk: Buffer) => {
      heard(chunk);
      const passOn = () => {
        if (!this.stalled.has(from) && !to.destroyed) to.write(chunk);
      };
      if (this.delay > 0) setTimeout(passOn, this.delay);
      else passOn();
    });
    from.on('error', () => to.destroy());
    from.on('close', () => {
      this.sockets.delete(from);
      to.destroy();
    });
  }
}
