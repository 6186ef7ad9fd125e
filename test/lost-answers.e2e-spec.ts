import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { register } from './support/accounts.js';
import { type Service, startService } from './support/service.js';
import { newStore, type Store } from './support/store.js';
import { TcpProxy } from './support/tcp-proxy.js';

type Pair = Awaited<ReturnType<typeof register>>;

/** Checks that a client can continue with the refresh token that it holds. */
async function expectToContinue(service: Service, held: string): Promise<void> {
  const reply = await service.client.post('/auth/token/refresh', { refresh: held });
  expect(reply.status).toBe(200);
  const { access, refresh } = reply.body as Pair;
  expect((await service.client.get('/auth/getuser', access)).status).toBe(200);
  expect((await service.client.post('/auth/token/refresh', { refresh })).status).toBe(200);
}

/** Counts the active sessions of the account, including orphans. */
async function countSessions({ client }: Service, { access }: Pair): Promise<number> {
  return ((await client.get('/account/sessions', access)).body as { sessions: unknown[] }).sessions.length;
}

describe('An answer that is lost between service and client', () => {
  let service: Service;
  let proxy: TcpProxy;
  let url: string;
  beforeAll(async () => {
    service = await startService();
    proxy = new TcpProxy(new URL(service.url));
    url = `http://127.0.0.1:${await proxy.listen()}`;
  });
  afterAll(async () => {
    proxy.end();
    await service.stop();
  });

  const refreshOver = (token: string) =>
    fetch(`${url}/auth/token/refresh`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ refresh: token }),
    }).then((response) => response.status);

  it.each<[string, (proxy: TcpProxy) => void]>([
    [
      'before the request arrives',
      (at) =>
        (at.onSend = () => {
          at.cut();
        }),
    ],
    [
      'just after the request arrived',
      (at) =>
        (at.onSend = () =>
          setTimeout(() => {
            at.cut();
          }, 1)),
    ],
    [
      'just before the answer',
      (at) =>
        (at.onReceive = () => {
          at.cut();
        }),
    ],
  ])('leaves the client able to continue when the connection is cut %s', async (_, cutting) => {
    for (let round = 0; round < 20; round++) {
      const pair = await register(service.client);
      cutting(proxy);
      await refreshOver(pair.refresh).catch(() => undefined);
      proxy.onSend = proxy.onReceive = () => undefined;
      await expectToContinue(service, pair.refresh);
      expect(await countSessions(service, pair)).toBe(1);
    }
  });
});

// The embedded store is a file that the process opens itself, without a connection to cut.
describe.skipIf(!inject('mysqlUrl'))('An answer that is lost between service and database', () => {
  let store: Store;
  let proxy: TcpProxy;
  let service: Service;
  beforeAll(async () => {
    store = await newStore();
    const url = new URL(store.env['DATABASE_URL']!);
    proxy = new TcpProxy(url);
    url.hostname = '127.0.0.1';
    url.port = String(await proxy.listen());
    service = await startService({ store: { ...store, env: { ...store.env, DATABASE_URL: url.href } } });
  });
  afterAll(async () => {
    await service.stop();
    proxy.end();
    await store.dispose();
  });

  /** Cuts the connection at the first chunk that sends the rotation, or at the answer to it. */
  const CUTS: [string, () => void][] = [
    [
      'before the rotation arrives',
      () =>
        onRotation(() => {
          proxy.cut();
        }),
    ],
    [
      'after the rotation arrived',
      () =>
        onRotation(() =>
          setTimeout(() => {
            proxy.cut();
          }, 2),
        ),
    ],
    [
      'just before its answer',
      () =>
        onRotation(
          () =>
            (proxy.onReceive = () => {
              proxy.cut();
            }),
        ),
    ],
  ];
  const onRotation = (cut: () => void) =>
    (proxy.onSend = (chunk) => {
      if (chunk.includes('UPDATE')) cut();
    });

  it.each(CUTS)('leaves the client able to continue when the connection is cut %s', async (_, cutting) => {
    for (let round = 0; round < 10; round++) {
      const pair = await register(service.client);
      cutting();
      const reply = await service.client.post('/auth/token/refresh', { refresh: pair.refresh });
      proxy.onSend = proxy.onReceive = () => undefined;
      expect([200, 503]).toContain(reply.status);
      await expectToContinue(service, pair.refresh);
      expect(await countSessions(service, pair)).toBe(1);
    }
  });
});
