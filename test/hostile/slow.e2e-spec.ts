import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { PASSWORD } from '../support/accounts.js';
import { canSeeProcesses, connectionsOf, until } from '../support/family.js';
import { ServiceProcess } from '../support/process.js';
import { newStore, type Store } from '../support/store.js';

const TRICKLE_MS = 500;

let store: Store;
let service: ServiceProcess;
let url: URL;
let clients: SlowClient[] = [];

beforeEach(async () => {
  store = await newStore();
  clients = [];
});
afterEach(async () => {
  for (const client of clients) client.leave();
  service.kill('SIGKILL');
  await service.exited;
  await store.dispose();
});

async function start(env: Record<string, string>): Promise<void> {
  service = new ServiceProcess({ ...store.env, RATE_LIMIT: 'off', ...env });
  url = new URL(await service.ready());
}

/**
 * Trickles a request to the service, and continues after the service has answered with a timeout.
 */
class SlowClient {
  received = '';
  readonly connected: Promise<void>;
  readonly closed: Promise<void>;
  private readonly socket: Socket;
  private readonly timer: NodeJS.Timeout | undefined;

  /**
   * @param first what the client sends as soon as it is connected
   * @param more what the client sends every 500 ms from then on
   * @param reads whether the client reads the answer
   * @param from the address of the client
   */
  constructor(first: string, more = '', reads = true, from = '127.0.0.1') {
    this.socket = connect({ port: Number(url.port), host: url.hostname, localAddress: from });
    this.connected = new Promise((resolve) => {
      this.socket.once('connect', () => {
        this.socket.write(first);
        resolve();
      });
    });
    this.socket.on('error', () => undefined);
    if (reads) this.socket.on('data', (chunk: Buffer) => (this.received += chunk.toString()));
    this.closed = new Promise((resolve) => {
      this.socket.once('close', () => {
        resolve();
      });
    });
    if (!more) return;
    this.timer = setInterval(() => this.socket.write(more), TRICKLE_MS);
    void this.closed.then(() => {
      clearInterval(this.timer);
    });
  }

  leave(): void {
    this.socket.destroy();
  }
}

function slowClients(count: number, ...of: ConstructorParameters<typeof SlowClient>): SlowClient[] {
  const some = Array.from({ length: count }, () => new SlowClient(...of));
  clients.push(...some);
  return some;
}

const HEAD = 'POST /auth/token HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n';
const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;

/** Returns the median over five rounds of the 99th percentile of the latency, in milliseconds. */
async function p99(request: () => Promise<unknown>): Promise<number> {
  const rounds: number[] = [];
  for (let round = 0; round < 5; round++) {
    const times: number[] = [];
    const inSequence = async () => {
      for (let i = 0; i < 50; i++) {
        const startedAt = performance.now();
        await request();
        times.push(performance.now() - startedAt);
      }
    };
    await Promise.all([inSequence(), inSequence()]);
    rounds.push(times.sort((a, b) => a - b)[Math.floor(times.length * 0.99)]!);
  }
  return rounds.sort((a, b) => a - b)[Math.floor(rounds.length / 2)]!;
}

describe('Slow clients', () => {
  // Only Linux has /proc.
  it.runIf(canSeeProcesses)('are disconnected and do not delay other clients', { timeout: 60_000 }, async () => {
    await start({ HASH_TIMEOUT: '1', SWAGGER: 'on' });
    const body = JSON.stringify({ username: 'someone', password: PASSWORD });
    const headers = { 'content-type': 'application/json' };
    const registered = await fetch(new URL('/auth/register', url), { method: 'POST', headers, body });
    const { access } = (await registered.json()) as { access: string };

    const late = [
      ...slowClients(150, 'GET /livez HTTP/1.1\r\nHost: localhost\r\nX: ', 'x'),
      ...slowClients(150, `${HEAD}Content-Length: 10000\r\n\r\n{`, ' '),
      ...slowClients(50, `${HEAD}Transfer-Encoding: chunked\r\n\r\n`, '1\r\n \r\n'),
      ...slowClients(50, ''),
    ];
    // Answers that exceed the socket buffers: one is written as a whole, the other is streamed.
    slowClients(10, get('/openapi.json').repeat(100), '', false);
    slowClients(20, get('/docs/swagger-ui-bundle.js').repeat(10), '', false);
    await Promise.all(clients.map(({ connected }) => connected));

    const whoAmI = async () => {
      const response = await fetch(new URL('/auth/getuser', url), { headers: { authorization: `Bearer ${access}` } });
      expect(await response.json()).toEqual({ username: 'someone' });
    };
    expect(await p99(whoAmI)).toBeLessThan(200);

    await Promise.all(late.map(({ closed }) => closed));
    for (const { received } of late) expect(received).toMatch(/^HTTP\/1\.1 408 .*application\/problem\+json/s);
    // A client that does not read sees no end of its connection, so the server side is counted.
    const left = () => connectionsOf(service.pid, Number(url.port));
    await vi.waitUntil(() => left() <= 2, { timeout: 30_000, interval: 500 });
    expect(await p99(whoAmI)).toBeLessThan(200);
  });

  it('are disconnected once their connection has been idle for KEEP_ALIVE_TIMEOUT', async () => {
    await start({ KEEP_ALIVE_TIMEOUT: '1' });
    const [client] = slowClients(1, get('/livez'));
    await client!.closed;
    expect(client!.received).toMatch(/^HTTP\/1\.1 200 OK\r\n.*\r\nKeep-Alive: timeout=1\r\n/s);
  });
});

describe('Connections beyond MAX_CONNECTIONS', () => {
  const MAX = 20;
  const answered = async () => {
    const [client] = slowClients(1, get('/livez').replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'));
    await client!.closed;
    return client!.received.startsWith('HTTP/1.1 200 ');
  };

  it('are closed at once, and accepted again after other clients have left', async () => {
    await start({ MAX_CONNECTIONS: String(MAX) });
    const first = slowClients(MAX, HEAD);
    const rest = slowClients(3 * MAX, HEAD);
    await Promise.all(rest.map(({ closed }) => closed));
    for (const { received } of rest) expect(received).toBe('');
    await service.logged(({ event }) => event === 'too_many_connections');
    expect(await answered()).toBe(false);
    for (const client of first.slice(0, 10)) client.leave();
    await until(answered);
  });

  it('replace idle connections', async () => {
    await start({ MAX_CONNECTIONS: String(MAX), KEEP_ALIVE_TIMEOUT: '600' });
    const idle = slowClients(MAX, get('/livez'));
    await until(() => idle.every(({ received }) => received.endsWith('}')));
    expect(await answered()).toBe(false);
    await Promise.all(idle.map(({ closed }) => closed));
    expect(await answered()).toBe(true);
  });
});

// Only Linux gives the loopback more than one address.
describe.runIf(canSeeProcesses)('Connections of one source beyond MAX_CONNECTIONS_SOURCE', () => {
  const MAX = 10;
  const some = (count: number, from: string) => slowClients(count, get('/livez'), '', true, from);
  const isServed = (client: SlowClient) => client.received.startsWith('HTTP/1.1 200 ');

  it('are closed at once, while other sources are served', async () => {
    await start({ MAX_CONNECTIONS_SOURCE: String(MAX), KEEP_ALIVE_TIMEOUT: '600' });
    const first = [...some(MAX / 2, '127.0.1.1'), ...some(MAX / 2, '127.0.1.200')];
    await until(() => first.every(isServed));
    const rest = some(2 * MAX, '127.0.1.2');
    await Promise.all(rest.map(({ closed }) => closed));
    expect(rest.filter(isServed)).toEqual([]);
    expect(await service.logged(({ event }) => event === 'too_many_connections_of_source')).toMatchObject({
      source: '127.0.1.0',
      max: MAX,
    });
    const others = some(MAX, '127.0.2.1');
    await until(() => others.every(isServed));

    for (const client of first.slice(0, 2)) client.leave();
    await until(async () => {
      const [next] = some(1, '127.0.1.1');
      await Promise.race([next!.closed, vi.waitUntil(() => isServed(next!))]);
      return isServed(next!);
    });
  });

  it('are accepted from a trusted proxy', async () => {
    await start({ MAX_CONNECTIONS_SOURCE: String(MAX), KEEP_ALIVE_TIMEOUT: '600', TRUST_PROXY: '127.0.1.0/24' });
    const forwarded = some(3 * MAX, '127.0.1.1');
    await until(() => forwarded.every(isServed));
    const rest = some(3 * MAX, '127.0.2.1');
    await until(() => rest.filter(isServed).length === MAX);
  });
});
