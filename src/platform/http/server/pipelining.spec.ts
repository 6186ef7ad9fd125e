import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Connections } from './connections.js';
import { Pipelining } from './pipelining.js';

const REQUEST = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n';

/** The answers that have begun and are still open, with their numbers. */
let open: { answer: ServerResponse; number: number }[];
let begun: number;
let accepted: Socket;
let client: Socket;
let received: string;
const connections = new Connections();
let server: ReturnType<typeof createServer>;

beforeEach(async () => {
  [open, begun, received] = [[], 0, ''];
  server = createServer();
  connections.watch(server);
  const { onRequest } = new Pipelining(connections, (_request, answer) => {
    open.push({ answer, number: begun++ });
  });
  server.on('request', onRequest);
  server.on('connection', (socket) => (accepted = socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  client.on('data', (chunk: Buffer) => (received += chunk.toString()));
  client.on('error', () => undefined);
});
afterEach(() => {
  client.destroy();
  server.close();
});

function answerOpen(): void {
  for (const { answer, number } of open.splice(0)) answer.end(`<${number}>`);
}

it('handles 30 requests of a connection at a time, in order', async () => {
  client.write(REQUEST.repeat(200));
  const sizes: number[] = [];
  await vi.waitUntil(() => {
    if (open.length > 0 && (open.length >= 30 || begun === 200)) {
      sizes.push(open.length);
      answerOpen();
    }
    return received.includes('<199>');
  });
  expect(Math.max(...sizes)).toBe(30);
  expect(received.match(/<\d+>/g)).toEqual(Array.from({ length: 200 }, (_, i) => `<${i}>`));
});

it('handles requests that arrive after a pause', async () => {
  for (const upTo of [100, 110, 250]) {
    client.write(REQUEST.repeat(upTo - begun));
    await vi.waitUntil(() => {
      answerOpen();
      return received.includes(`<${upTo - 1}>`);
    });
  }
});

it('stops reading from a connection while its requests wait', async () => {
  const written = REQUEST.repeat(200_000);
  client.write(written);
  await vi.waitUntil(() => open.length === 30);
  // Gives the server time to read more, which it must not do.
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
  expect(accepted.bytesRead).toBeLessThan(written.length / 10);
  expect(begun).toBe(30);
});

it('drops the requests of a client that has disconnected', async () => {
  client.write(REQUEST.repeat(200));
  await vi.waitUntil(() => open.length === 30);
  const closed = Promise.all(open.map(({ answer }) => once(answer, 'close')));
  accepted.destroy();
  await closed;
  await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
  expect(begun).toBe(30);
});

it('handles a request with an unsafe method alone', async () => {
  const post = 'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}';
  client.write(REQUEST.repeat(3) + post.repeat(3) + REQUEST.repeat(3));
  const groups: number[][] = [];
  await vi.waitUntil(async () => {
    // Long enough for every request to begin that may begin.
    for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
    if (open.length > 0) groups.push(open.map(({ number }) => number));
    answerOpen();
    return received.includes('<8>');
  });
  expect(groups).toEqual([[0, 1, 2], [3], [4], [5], [6, 7, 8]]);
});
