import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** Forwards TCP connections to a target, and imitates the faults of networks. */
export class TcpProxy {
  /** Called with each chunk to or from the target, before the chunk is forwarded. */
  onSend: (chunk: Buffer) => void = () => undefined;
  onReceive: (chunk: Buffer) => void = () => undefined;

  private readonly sockets = new Set<Socket>();
  private readonly server: Server;
  private isOpen = true;
  private isHanging = false;
  /** Delay in each direction, in milliseconds. Change it only while no chunk is in transit. */
  delay = 0;
  /** How many connections were accepted so far. */
  count = 0;
  private readonly stalled = new WeakSet<Socket>();

  constructor(target: { readonly hostname: string; readonly port: string }) {
    // Copied, because a test may later point the same URL object at this proxy.
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

  /** Starts to listen. @returns the port */
  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return (this.server.address() as AddressInfo).port;
  }

  /** Closes all connections, and refuses new ones. */
  close(): void {
    this.isOpen = false;
    for (const socket of this.sockets) socket.destroy();
    this.sockets.clear();
  }

  open(): void {
    this.isOpen = true;
  }

  /** Closes all present connections, and still accepts new ones. */
  cut(): void {
    this.close();
    this.open();
  }

  /** Keeps all present connections but forwards nothing, like a server that is frozen. */
  stall(): void {
    for (const socket of this.sockets) this.stalled.add(socket);
  }

  /** Does the same as {@link stall}, and also swallows new connections until {@link resume}. */
  hang(): void {
    this.isHanging = true;
    this.stall();
  }

  /** Forwards new connections again. Connections that hung stay dead. */
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

  private pass(from: Socket, to: Socket, onChunk: (chunk: Buffer) => void): void {
    this.sockets.add(from);
    from.on('data', (chunk: Buffer) => {
      onChunk(chunk);
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
