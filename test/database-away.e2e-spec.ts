import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { newName, PASSWORD, register } from './support/accounts.js';
import { type Service, startService } from './support/service.js';
import { newStore, type Store } from './support/store.js';
import { TcpProxy } from './support/tcp-proxy.js';
import { StartupService } from '../src/startup/startup.service.js';

// The embedded store is a file that the process opens itself, without a connection to cut.
describe.skipIf(!inject('mysqlUrl'))('A service whose database is unreachable', () => {
  let store: Store;
  let proxy: TcpProxy;
  let service: Service;
  let account: Awaited<ReturnType<typeof register>>;

  beforeAll(async () => {
    store = await newStore();
    const url = new URL(store.env['DATABASE_URL']!);
    proxy = new TcpProxy(url);
    url.port = String(await proxy.listen());
    url.hostname = '127.0.0.1';
    proxy.close();
    service = await startService({
      store: { ...store, env: { ...store.env, DATABASE_URL: url.href, DATABASE_POOL: '2' } },
      ready: false,
    });
  });
  afterAll(async () => {
    await service.stop();
    proxy.end();
    await store.dispose();
  });

  const requests: [string, string, () => object | undefined][] = [
    ['POST', '/auth/token', () => ({ username: 'someone', password: PASSWORD })],
    ['POST', '/auth/register', () => ({ username: newName(), password: PASSWORD })],
    ['POST', '/auth/token/refresh', () => ({ refresh: account.refresh })],
    ['POST', '/auth/token/verify', () => ({ token: account.access })],
    ['GET', '/auth/getuser', () => undefined],
    ['POST', '/user/login', () => ({ username: 'someone', password: PASSWORD })],
    ['POST', '/user/login/refresh', () => ({ refresh_token: account.refresh })],
    ['DELETE', '/user/login', () => ({ access_token: account.access, refresh_token: account.refresh })],
  ];

  const everyRequestGets503 = async () => {
    for (const [method, path, json] of requests) {
      const body = json();
      const reply = await service.client.call(method, path, body ? { json: body } : { bearer: account.access });
      expect(reply.status, path).toBe(503);
      expect(Number(reply.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(reply.text).not.toMatch(/ECONN|sql|stack/i);
    }
  };

  it('starts live and not ready, and recovers by itself', async () => {
    account = { username: 'x', password: 'x', access: 'x', refresh: 'x' };
    expect((await service.client.get('/livez')).status).toBe(200);
    const ready = await service.client.get('/readyz');
    expect([ready.status, ready.headers.get('content-type')]).toEqual([503, expect.stringContaining('problem+json')]);
    const jwks = await service.client.get('/.well-known/jwks.json');
    expect([jwks.status, jwks.headers.get('cache-control')]).toEqual([503, 'no-store']);
    await everyRequestGets503();

    proxy.open();
    await service.app.get(StartupService).finished;
    expect((await service.client.get('/readyz')).status).toBe(200);
    account = await register(service.client);
  });

  it('answers 503 in the dialect of the route, and serves again when the database is back', async () => {
    proxy.close();
    await everyRequestGets503();
    expect((await service.client.get('/livez')).status).toBe(200);
    expect((await service.client.get('/readyz')).status).toBe(503);
    proxy.open();
    expect((await service.client.get('/auth/getuser', account.access)).status).toBe(200);
    expect((await service.client.get('/readyz')).status).toBe(200);
  });

  it('answers 503 when the database no longer answers, and serves again over new connections', async () => {
    expect((await service.client.get('/auth/getuser', account.access)).status).toBe(200);
    proxy.stall();
    const statuses: number[] = [];
    for (let i = 0; i < 4 && statuses.at(-1) !== 200; i++)
      statuses.push((await service.client.get('/auth/getuser', account.access)).status);
    // The pool replaces its other connection together with the first.
    expect(statuses).toEqual([503, 200]);
  });
});
