import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { SecurityEventsService } from '../src/events/security-events.service.js';
import { newName, PASSWORD, register, signUp } from './support/accounts.js';
import type { Reply } from './support/client.js';
import { CommandCounter } from './support/command-counter.js';
import { type Service, startService } from './support/service.js';
import { newStore, type Store } from './support/store.js';
import { TcpProxy } from './support/tcp-proxy.js';

/** Requests to each route. The first prepares its statements, and the others are counted. */
const TRIES = 4;
/** The default configuration, except for cheap hashes. */
const LIMITS = { RATE_LIMIT: 'on', TRUST_PROXY: '127.0.0.1' };

// The embedded store runs in the process and sends no statements.
describe.runIf(inject('mysqlUrl'))('The number of statements with limits and events on', () => {
  const counter = new CommandCounter();
  let proxy: TcpProxy;
  let store: Store;
  let service: Service;

  beforeAll(async () => {
    store = await newStore();
    const url = new URL(store.env['DATABASE_URL'] ?? '');
    proxy = new TcpProxy(new URL(url.href));
    url.port = String(await proxy.listen());
    url.hostname = '127.0.0.1';
    proxy.onSend = counter.countCommands;
    service = await startService({ env: LIMITS, store: { ...store, env: { ...store.env, DATABASE_URL: url.href } } });
  });
  afterAll(async () => {
    await service.stop();
    proxy.end();
    await store.dispose();
  });

  /**
   * Sends requests one after the other, and returns the smallest number of statements, since events
   * may be written during a request.
   */
  async function statementsOf(status: number, send: () => Promise<Reply>): Promise<number> {
    const counts: number[] = [];
    for (let i = 0; i < TRIES; i++) {
      await service.app.get(SecurityEventsService).write();
      const count = await counter.during(async () => {
        expect((await send()).status).toBe(status);
      });
      if (i > 0) counts.push(count);
    }
    return Math.min(...counts);
  }

  let network = 0;
  const newAddress = () => `10.9.${network++}.1`;
  const logIn = (username: string, password: string, address: string) =>
    service.client.call('POST', '/auth/token', {
      json: { username, password },
      headers: { 'x-forwarded-for': address },
    });
  const accountAt = async (address: string) => {
    const username = newName();
    const json = { username, password: PASSWORD };
    await service.client.call('POST', '/auth/register', { json, headers: { 'x-forwarded-for': address } });
    return username;
  };

  it('is one for verify, getuser, a refresh and a logout', async () => {
    const { access, refresh } = await register(service.client);
    let current = refresh;
    const rotate = async () => {
      const reply = await service.client.post('/auth/token/refresh', { refresh: current });
      current = (reply.body as { refresh: string }).refresh;
      return reply;
    };
    const sessions: Awaited<ReturnType<typeof signUp>>[] = [];
    for (let i = 0; i < TRIES; i++) sessions.push(await signUp(service.client));
    const logOut = () => {
      const session = sessions.pop();
      const json = { access_token: session?.access, refresh_token: session?.refresh };
      return service.client.call('DELETE', '/user/login', { json });
    };
    expect({
      verify: await statementsOf(200, () => service.client.post('/auth/token/verify', { token: access })),
      getuser: await statementsOf(200, () => service.client.call('GET', '/auth/getuser', { bearer: access })),
      refresh: await statementsOf(200, rotate),
      logout: await statementsOf(204, logOut),
    }).toEqual({ verify: 1, getuser: 1, refresh: 1, logout: 1 });
  });

  it('is two for the list of sessions, and two for the end of a session', async () => {
    const { username, access } = await register(service.client);
    for (let i = 0; i < TRIES; i++) await service.client.post('/auth/token', { username, password: PASSWORD });
    const { body } = await service.client.call('GET', '/account/sessions', { bearer: access });
    const ids = (body.sessions as { id: string; current: boolean }[])
      .filter(({ current }) => !current)
      .map(({ id }) => id);
    expect({
      list: await statementsOf(200, () => service.client.call('GET', '/account/sessions', { bearer: access })),
      end: await statementsOf(204, () =>
        service.client.call('DELETE', `/account/sessions/${ids.pop()}`, { bearer: access }),
      ),
    }).toEqual({ list: 2, end: 2 });
  });

  it('is two for a login from a known source, and six for a login from a new source', async () => {
    const home = newAddress();
    const name = await accountAt(home);
    expect({
      known: await statementsOf(200, () => logIn(name, PASSWORD, home)),
      new: await statementsOf(200, () => logIn(name, PASSWORD, newAddress())),
    }).toEqual({ known: 2, new: 6 });
  });

  it('is three for a wrong password, and four from a known source', async () => {
    const home = newAddress();
    const name = await accountAt(home);
    expect({
      new: await statementsOf(401, () => logIn(name, 'wrong password', newAddress())),
      unknownName: await statementsOf(401, () => logIn(newName(), 'wrong password', newAddress())),
      known: await statementsOf(401, () => logIn(name, 'wrong password', home)),
    }).toEqual({ new: 3, unknownName: 3, known: 4 });
  });

  it('is six for a sign-up', async () => {
    expect(await statementsOf(201, () => signUpFrom(newAddress()))).toBe(6);
  });

  it('is one for a refused guess, and zero while the refusal is remembered', async () => {
    const address = newAddress();
    const name = await accountAt(newAddress());
    for (let i = 0; i < 11; i++) await logIn(name, 'wrong password', address);
    expect((await logIn(name, PASSWORD, address)).status).toBe(429);
    expect({
      remembered: await statementsOf(429, () => logIn(name, PASSWORD, address)),
      forgotten: await statementsOf(429, () => {
        service.clock.advance(6);
        return logIn(name, PASSWORD, address);
      }),
    }).toEqual({ remembered: 0, forgotten: 1 });
  });

  it('includes no statement that begins or commits a transaction', () => {
    expect(counter.texts.filter((text) => /^\s*(BEGIN|START TRANSACTION|COMMIT)/i.test(text))).toEqual([]);
  });

  function signUpFrom(address: string): Promise<Reply> {
    const json = { username: newName(), password: PASSWORD };
    return service.client.call('POST', '/auth/register', { json, headers: { 'x-forwarded-for': address } });
  }
});

// The embedded store has one connection, for which nothing waits.
describe.runIf(inject('mysqlUrl'))('A flood of requests that wait for a connection', () => {
  let service: Service;
  beforeAll(async () => (service = await startService({ env: { DATABASE_POOL: '1' } })));
  afterAll(() => service.stop());

  it('leaves connections for verify and refresh', async () => {
    const { access, refresh } = await register(service.client);
    // One runs, a hundred wait, and the rest are refused.
    const others = Array.from({ length: 110 }, () => service.dataSource.query('SELECT SLEEP(0.02)'));
    const settled = Promise.allSettled(others);
    const verified = await service.client.post('/auth/token/verify', { token: access });
    const refreshed = await service.client.post('/auth/token/refresh', { refresh });
    expect([verified.status, refreshed.status]).toEqual([200, 200]);
    expect((await settled).filter(({ status }) => status === 'rejected').length).toBeGreaterThan(0);
  });

  it('does not arise from /readyz, since the requests that wait share one statement', async () => {
    const replies = await Promise.all(Array.from({ length: 300 }, () => fetch(`${service.url}/readyz`)));
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200]));
  });
});
