import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { register } from './support/accounts.js';
import { type Service, startService } from './support/service.js';
import { newStore, type Store } from './support/store.js';
import { Way } from './support/way.js';

type Pair = Awaited<ReturnType<typeof register>>;

/** A client that goes on with what it holds: its refresh token, or the successor that it has been told. */
async function goesOn(service: Service, held: string): Promise<void> {
  const reply = await service.client.post('/auth/token/refresh', { refresh: held });
  expect(reply.status).toBe(200);
  const { access, refresh } = reply.body as Pair;
  expect((await service.client.get('/auth/getuser', access)).status).toBe(200);
  expect((await service.client.post('/auth/token/refresh', { refresh })).status).toBe(200);
}

/** One session of the account, and no orphan beside it that is alive. */
async function sessionsOf({ client }: Service, { access }: Pair): Promise<number> {
  return ((await client.get('/account/sessions', access)).body as { sessions: unknown[] }).sessions.length;
}

describe('an answer that is lost between service and client', () => {
  let service: Service;
  let way: Way;
  let url: string;
  beforeAll(async () => {
    service = await startService();
    way = new Way(new URL(service.url));
    url = `http://127.0.0.1:${await way.listen()}`;
  });
  afterAll(async () => {
    way.end();
    await service.stop();
  });

  const refreshOver = (token: string) =>
    fetch(`${url}/auth/token/refresh`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ refresh: token }),
    }).then((response) => response.status);

  it.each<[string, (way: Way) => void]>([
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
      'in front of the answer',
      (at) =>
        (at.onReceive = () => {
          at.cut();
        }),
    ],
  ])('leaves the client able to go on: %s', async (_, cutting) => {
    for (let round = 0; round < 20; round++) {
      const pair = await register(service.client);
      cutting(way);
      await refreshOver(pair.refresh).catch(() => undefined);
      way.onSend = way.onReceive = () => undefined;
      await goesOn(service, pair.refresh);
      expect(await sessionsOf(service, pair)).toBe(1);
    }
  });
});

// The embedded store is a file of the process's own: nothing lies between.
describe.skipIf(!inject('mysqlUrl'))('an answer that is lost between service and database', () => {
  let store: Store;
  let way: Way;
  let service: Service;
  beforeAll(async () => {
    store = await newStore();
    const url = new URL(store.env['DATABASE_URL']!);
    way = new Way(url);
    url.hostname = '127.0.0.1';
    url.port = String(await way.listen());
    service = await startService({ store: { ...store, env: { ...store.env, DATABASE_URL: url.href } } });
  });
  afterAll(async () => {
    await service.stop();
    way.end();
    await store.dispose();
  });

  /** Cuts at the first chunk in which the rotation is sent or, once sent, answered. */
  const CUTS: [string, () => void][] = [
    [
      'before the rotation arrives',
      () =>
        onRotation(() => {
          way.cut();
        }),
    ],
    [
      'after the rotation arrived',
      () =>
        onRotation(() =>
          setTimeout(() => {
            way.cut();
          }, 2),
        ),
    ],
    [
      'in front of its answer',
      () =>
        onRotation(
          () =>
            (way.onReceive = () => {
              way.cut();
            }),
        ),
    ],
  ];
  const onRotation = (cut: () => void) =>
    (way.onSend = (chunk) => {
      if (chunk.includes('UPDATE')) cut();
    });

  it.each(CUTS)('is 503 or made good, and leaves the client able to go on: %s', async (_, cutting) => {
    for (let round = 0; round < 10; round++) {
      const pair = await register(service.client);
      cutting();
      const reply = await service.client.post('/auth/token/refresh', { refresh: pair.refresh });
      way.onSend = way.onReceive = () => undefined;
      expect([200, 503]).toContain(reply.status);
      await goesOn(service, pair.refresh);
      expect(await sessionsOf(service, pair)).toBe(1);
    }
  });
});
