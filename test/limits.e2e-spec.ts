import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { HashQueue } from '../src/passwords/worker/hash-queue.js';
import { register as registerAt, newName, PASSWORD, signUp } from './support/accounts.js';
import type { Reply } from './support/client.js';
import { type Service, startService } from './support/service.js';

const LIMITS = {
  RATE_LIMIT: 'on',
  LOGIN_LIMIT: '3',
  LOGIN_LIMIT_NAME: '8',
  LOGIN_LIMIT_SOURCE: '12',
  LOGIN_LIMIT_KNOWN: '20',
  LOGIN_LIMIT_WINDOW: '900',
  LOGIN_DELAY: '60',
  LOGIN_DELAY_MAX: '150',
  SIGNUP_LIMIT: '10000',
  TRUST_PROXY: '127.0.0.1',
};

let service: Service;
let replica: Service;

beforeAll(async () => {
  service = await startService({ env: LIMITS });
  // The counters of the embedded store are in the process, so that replicas do not share them.
  replica =
    service.dataSource.options.type === 'mysql'
      ? await startService({ env: LIMITS, store: service.store, clock: service.clock })
      : service;
});
afterAll(async () => {
  if (replica !== service) await replica.stop();
  await service.stop();
});

let network = 0;
/** Returns an address of a source that no other test uses. */
function newAddress(): string {
  network += 1;
  return `10.${network >> 8}.${network & 255}.${1 + Math.floor(Math.random() * 250)}`;
}

/** Returns the calls of a client at an address. */
const from = (address: string, at = service) => ({
  logInToA: (username: string, password: string) =>
    at.client.call('POST', '/auth/token', { json: { username, password }, headers: { 'x-forwarded-for': address } }),
  logInToB: (username: string, password: string) =>
    at.client.call('POST', '/user/login', { json: { username, password }, headers: { 'x-forwarded-for': address } }),
  signUpAtA: (username = newName(), password = PASSWORD) =>
    at.client.call('POST', '/auth/register', { json: { username, password }, headers: { 'x-forwarded-for': address } }),
});

async function statusesOf(count: number, attempt: (i: number) => Promise<Reply>): Promise<number[]> {
  const statuses: number[] = [];
  for (let i = 0; i < count; i++) statuses.push((await attempt(i)).status);
  return statuses;
}

/** Signs up from this address, which becomes a known source, and returns the name. */
async function accountAt(address: string) {
  const username = newName();
  expect((await from(address).signUpAtA(username)).status).toBe(201);
  return username;
}

describe('Failed logins', () => {
  it('block their name from their source after LOGIN_LIMIT, even with the right password, in each dialect', async () => {
    const name = await accountAt(newAddress());
    const { logInToA, logInToB } = from(newAddress());
    expect(await statusesOf(4, () => logInToA(name, 'wrong password'))).toEqual([401, 401, 401, 429]);
    const a = await logInToA(name, PASSWORD);
    expect([a.status, a.body]).toEqual([429, { detail: 'too many attempts, try again later' }]);
    const b = await logInToB(name, PASSWORD);
    expect([b.status, b.body]).toEqual([429, { status: 'BAD REQUEST', reason: 'too many attempts, try again later' }]);
    for (const { headers } of [a, b]) {
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
      expect(Number(headers.get('retry-after'))).toBeLessThanOrEqual(60);
    }
  });

  it('count at both contracts and on all replicas', async () => {
    const name = await accountAt(newAddress());
    const address = newAddress();
    expect((await from(address).logInToA(name, 'wrong password')).status).toBe(401);
    expect((await from(address, replica).logInToB(name.toUpperCase(), 'wrong password')).status).toBe(401);
    expect((await from(address, replica).logInToA(` ${name} `, 'wrong password')).status).toBe(401);
    expect((await from(address).logInToB(name, 'wrong password')).status).toBe(429);
  });

  it('count the same for unknown names', async () => {
    const { logInToA } = from(newAddress());
    const name = newName();
    expect(await statusesOf(4, () => logInToA(name, 'wrong password'))).toEqual([401, 401, 401, 429]);
  });

  it('delay the next attempt longer each time, up to LOGIN_DELAY_MAX', async () => {
    const strict = await startService({ env: { ...LIMITS, LOGIN_LIMIT_NAME: '1000', LOGIN_LIMIT_SOURCE: '1000' } });
    try {
      const { logInToA } = from(newAddress(), strict);
      const name = newName();
      const delays: number[] = [];
      for (let i = 0; i < 4; i++) {
        const { headers } = await exhaust(() => logInToA(name, 'wrong password'));
        const delay = Number(headers.get('retry-after'));
        delays.push(delay);
        strict.clock.advance(delay + 1);
      }
      expect(delays).toEqual([60, 120, 150, 150]);
    } finally {
      await strict.stop();
    }
  });

  it('block the next attempt until the delay has passed', async () => {
    const name = await accountAt(newAddress());
    const { logInToA } = from(newAddress());
    await exhaust(() => logInToA(name, 'wrong password'));
    service.clock.advance(58);
    expect((await logInToA(name, PASSWORD)).status).toBe(429);
    service.clock.advance(4);
    expect((await logInToA(name, PASSWORD)).status).toBe(200);
  });

  it('block a source that tries many names', async () => {
    const address = newAddress();
    const statuses = await statusesOf(14, () => from(address).logInToA(newName(), 'wrong password'));
    expect(statuses).toEqual([...new Array<number>(12).fill(401), 429, 429]);
    // The block covers the /24, and no other network.
    expect((await from(address.replace(/\d+$/, '254')).logInToA(newName(), 'wrong password')).status).toBe(429);
    expect((await from(newAddress()).logInToA(newName(), 'wrong password')).status).toBe(401);
  });

  it('count an IPv6 /64 as one source', async () => {
    const name = newName();
    const statuses = await statusesOf(4, (i) => from(`2001:db8:1:2::${i + 1}`).logInToA(name, 'wrong password'));
    expect(statuses).toEqual([401, 401, 401, 429]);
    expect((await from('2001:db8:1:3::1').logInToA(name, 'wrong password')).status).toBe(401);
  });

  it('block a name that many sources try', async () => {
    const name = await accountAt(newAddress());
    const statuses = await statusesOf(10, () => from(newAddress()).logInToB(name, 'wrong password'));
    expect(statuses).toEqual([...new Array<number>(8).fill(401), 429, 429]);
  });

  it('get no further in a burst than one after the other', async () => {
    const name = await accountAt(newAddress());
    const address = newAddress();
    const guesses = Array.from({ length: 30 }, (_, i) => (i === 20 ? PASSWORD : `wrong password ${i}`));
    const replies = await Promise.all(
      guesses.map((guess, i) => from(address, i % 2 ? service : replica)[i % 3 ? 'logInToA' : 'logInToB'](name, guess)),
    );
    const checked = replies.filter(({ status }) => status !== 429);
    expect(checked.length).toBeLessThanOrEqual(3);
    expect(replies.every(({ status }) => [200, 201, 401, 429].includes(status))).toBe(true);
  });

  it('are counted without the successful logins of their name', async () => {
    const name = await accountAt(newAddress());
    for (let i = 0; i < 5; i++) expect((await from(newAddress()).logInToA(name, PASSWORD)).status).toBe(200);
    const statuses = await statusesOf(10, () => from(newAddress()).logInToB(name, 'wrong password'));
    expect(statuses).toEqual([...new Array<number>(8).fill(401), 429, 429]);
  });
});

describe('A source from which an account has logged in before', () => {
  it('accepts the right password after failures from any source', async () => {
    const home = newAddress();
    const name = await accountAt(home);
    await statusesOf(10, () => from(newAddress()).logInToA(name, 'wrong password'));
    expect((await from(newAddress()).logInToA(name, PASSWORD)).status).toBe(429);
    expect((await from(home).logInToA(name, PASSWORD)).status).toBe(200);
    // Failures from the same source do not block the owner either.
    await statusesOf(6, () => from(home).logInToB(name, 'wrong password'));
    expect((await from(home).logInToB(name, 'wrong password')).status).toBe(429);
    expect((await from(home).logInToB(name, PASSWORD)).status).toBe(201);
  });

  it('accepts the right password after failures at other names have blocked it', async () => {
    const office = newAddress();
    const name = await accountAt(office);
    await statusesOf(14, () => from(office).logInToA(newName(), 'wrong password'));
    expect((await from(office).logInToA(newName(), PASSWORD)).status).toBe(429);
    expect((await from(office).logInToA(name, PASSWORD)).status).toBe(200);
  });

  it('is known after the first login from there', async () => {
    const name = await accountAt(newAddress());
    const cafe = newAddress();
    expect((await from(cafe).logInToA(name, PASSWORD)).status).toBe(200);
    await statusesOf(10, () => from(newAddress()).logInToA(name, 'wrong password'));
    expect((await from(cafe).logInToA(name, PASSWORD)).status).toBe(200);
  });

  it('answers 401 no more often than the budget to a burst of wrong passwords', async () => {
    const home = newAddress();
    const name = await accountAt(home);
    const replies = await Promise.all(
      Array.from({ length: 20 }, (_, i) => from(home).logInToA(name, i === 10 ? PASSWORD : `wrong password ${i}`)),
    );
    const statuses = replies.map(({ status }) => status);
    expect(statuses.filter((status) => status === 401).length).toBeLessThanOrEqual(3);
    expect(statuses[10]).toBe(200);
  });

  it('is treated like any other after LOGIN_LIMIT_KNOWN wrong passwords in a day', async () => {
    const home = newAddress();
    const name = await accountAt(home);
    await statusesOf(21, () => from(home).logInToA(name, 'wrong password'));
    expect((await from(home).logInToA(name, PASSWORD)).status).toBe(429);
  });
});

describe('A guess', () => {
  /** Sends a guess and disconnects before it is answered. */
  async function guessAndDisconnect(address: string, username: string): Promise<void> {
    const { port } = new URL(service.url);
    const body = JSON.stringify({ username, password: 'wrong password' });
    const socket = connect(Number(port), '127.0.0.1');
    await once(socket, 'connect');
    socket.write(
      `POST /auth/token HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: ${address}\r\nContent-Type: application/json\r\n` +
        `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
    await sleep(3);
    socket.destroy();
  }

  it('counts even if its client disconnects', async () => {
    const name = await accountAt(newAddress());
    const address = newAddress();
    for (let i = 0; i < 12; i++) await guessAndDisconnect(address, name);
    expect((await from(address).logInToA(name, PASSWORD)).status).toBe(429);
    const statuses = await statusesOf(6, () => from(newAddress()).logInToB(name, 'wrong password'));
    // The blocked source has used three of the eight attempts at this name.
    expect(statuses.filter((status) => status === 401)).toHaveLength(5);
  });

  // Counters of the embedded store are in memory, where nothing locks them.
  it.runIf(inject('mysqlUrl'))('is answered 503 while its counters are locked, and 401 afterwards', async () => {
    const holder = await createConnection(service.store.env['DATABASE_URL']!);
    const { logInToA } = from(newAddress());
    const name = newName();
    expect((await logInToA(name, 'wrong password')).status).toBe(401);
    await holder.beginTransaction();
    await holder.query('SELECT * FROM counters FOR UPDATE');
    const refused = await logInToA(name, 'wrong password');
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '2']);
    await holder.rollback();
    await holder.end();
    expect((await logInToA(name, 'wrong password')).status).toBe(401);
  });

  // Counters of the embedded store are in memory, where nothing locks them.
  it.runIf(inject('mysqlUrl'))('does not delay other requests while its counters are locked', async () => {
    const narrow = await startService({ env: { ...LIMITS, DATABASE_POOL: '1' } });
    const holder = await createConnection(narrow.store.env['DATABASE_URL']!);
    const isCounting = async () => {
      const [rows] = await holder.query(
        "SELECT 1 FROM information_schema.processlist WHERE info LIKE '%INTO counters%'",
      );
      // One of the rows is this query.
      return (rows as unknown[]).length > 1;
    };
    try {
      const { access } = await registerAt(narrow.client);
      const { logInToA } = from(newAddress(), narrow);
      expect((await logInToA(newName(), 'wrong password')).status).toBe(401);
      await holder.beginTransaction();
      await holder.query('SELECT * FROM counters FOR UPDATE');
      let shortest = Infinity;
      for (let i = 0; i < 3; i++) {
        const guess = logInToA(newName(), 'wrong password');
        await vi.waitUntil(isCounting);
        const startedAt = performance.now();
        expect((await narrow.client.post('/auth/token/verify', { token: access })).status).toBe(200);
        shortest = Math.min(shortest, performance.now() - startedAt);
        expect((await guess).status).toBe(503);
      }
      // On the same connection, verify would wait for a second.
      expect(shortest).toBeLessThan(500);
      await holder.rollback();
    } finally {
      await holder.end();
      await narrow.stop();
    }
  });
});

describe('The current password at a change of the password', () => {
  it('is limited like the password at a login', async () => {
    const { access, username } = await registerAt(service.client);
    const change = (current: string) =>
      service.client.call('POST', '/account/password', {
        bearer: access,
        json: { current_password: current, new_password: 'another horse battery' },
        headers: { 'x-forwarded-for': '192.0.2.77' },
      });
    expect(await statusesOf(4, () => change('wrong password'))).toEqual([400, 400, 400, 429]);
    expect((await change(PASSWORD)).status).toBe(429);
    expect((await from('192.0.2.78').logInToA(username, PASSWORD)).status).toBe(429);
  });
});

describe('Guesses at the secret of a client', () => {
  const basic = (id: string, secret: string) => `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;
  const secret = 'the secret of a resource server';
  const introspect = (at: Service, address: string, authorization: string) =>
    at.client.call('POST', '/oauth/introspect', {
      form: { token: 'x' },
      headers: { authorization, 'x-forwarded-for': address },
    });
  let strict: Service;
  beforeAll(async () => {
    const hash = createHash('sha256').update(secret).digest('hex');
    strict = await startService({ env: { ...LIMITS, INTROSPECTION_CLIENTS: `api:${hash},other:${hash}` } });
  });
  afterAll(() => strict.stop());

  it('are limited by client and source, without effect on other clients and sources', async () => {
    const address = newAddress();
    expect(await statusesOf(5, () => introspect(strict, address, basic('api', 'wrong')))).toEqual([
      401, 401, 401, 429, 429,
    ]);
    const refused = await introspect(strict, address, basic('api', secret));
    expect([refused.status, refused.body]).toEqual([
      429,
      { error: 'invalid_request', error_description: 'too many attempts, try again later' },
    ]);
    expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(60);
    expect((await introspect(strict, address, basic('other', secret))).status).toBe(200);
    expect((await introspect(strict, newAddress(), basic('api', secret))).status).toBe(200);
    strict.clock.advance(61);
    expect((await introspect(strict, address, basic('api', secret))).status).toBe(200);
  });

  it('get no further in a burst than one after the other', async () => {
    const address = newAddress();
    const replies = await Promise.all(
      Array.from({ length: 30 }, (_, i) => introspect(strict, address, basic('api', i === 20 ? secret : `wrong ${i}`))),
    );
    expect(replies.filter(({ status }) => status !== 429).length).toBeLessThanOrEqual(3);
  });

  it('do not lock out a client that sends many requests at once', async () => {
    const address = newAddress();
    expect((await introspect(strict, address, basic('nobody', 'wrong'))).status).toBe(401);
    for (let round = 0; round < 3; round++) {
      const replies = await Promise.all(
        Array.from({ length: 20 }, () => introspect(strict, address, basic('api', secret))),
      );
      expect(replies.map(({ status }) => status)).toEqual(new Array(20).fill(200));
    }
  });

  it('are limited by source when each of them names another client', async () => {
    const address = newAddress();
    const statuses = await statusesOf(5, (i) => introspect(strict, address, basic(`client ${i}`, 'wrong')));
    expect(statuses).toEqual([401, 401, 401, 429, 429]);
  });

  it('are not counted when they are right', async () => {
    const address = newAddress();
    expect(await statusesOf(8, () => introspect(strict, address, basic('api', secret)))).toEqual(
      new Array(8).fill(200),
    );
    expect(await statusesOf(2, () => introspect(strict, address, basic('api', 'wrong')))).toEqual([401, 401]);
    expect(await statusesOf(8, () => introspect(strict, address, basic('api', secret)))).toEqual(
      new Array(8).fill(200),
    );
  });

  it('are logged as events', async () => {
    const address = newAddress();
    await statusesOf(4, () => introspect(strict, address, basic('api', 'wrong')));
    await introspect(strict, address, basic('nobody', 'wrong'));
    await nextTurn();
    const lines = strict.log.filter(({ event, source }) => event === 'client_authentication' && source === address);
    expect(lines.map(({ outcome, reason }) => [outcome, reason])).toEqual([
      ...new Array(3).fill(['failure', 'wrong_secret']),
      ['throttled', undefined],
      ['failure', 'unknown_client'],
    ]);
  });
});

describe('A refusal', () => {
  it('computes no hash', async () => {
    const hashes = vi.spyOn(service.app.get(HashQueue), 'run');
    try {
      const name = await accountAt(newAddress());
      const { logInToA } = from(newAddress());
      await exhaust(() => logInToA(name, 'wrong password'));
      hashes.mockClear();
      expect((await logInToA(name, PASSWORD)).status).toBe(429);
      expect((await logInToA(name, 'wrong password')).status).toBe(429);
      expect(hashes).not.toHaveBeenCalled();
    } finally {
      hashes.mockRestore();
    }
  });

  it('ends when the account logs in from the same source by its other name', async () => {
    const { username, email } = await signUp(service.client);
    const { logInToA, logInToB } = from(newAddress());
    await exhaust(() => logInToA(username, 'wrong password'));
    expect((await logInToA(username, PASSWORD)).status).toBe(429);
    expect((await logInToB(email, PASSWORD)).status).toBe(201);
    expect((await logInToA(username, PASSWORD)).status).toBe(200);
  });

  it('is delayed by a second, so that the client cannot retry at once', async () => {
    const slow = await startService({ env: LIMITS, pause: true });
    try {
      const { logInToA } = from(newAddress(), slow);
      const name = newName();
      await statusesOf(3, () => logInToA(name, 'wrong password'));
      const startedAt = performance.now();
      expect((await logInToA(name, 'wrong password')).status).toBe(429);
      expect(performance.now() - startedAt).toBeGreaterThan(990);
    } finally {
      await slow.stop();
    }
  });
});

describe('Sign-ups', () => {
  it('are limited by source, including those of taken names', async () => {
    const few = await startService({ env: { ...LIMITS, SIGNUP_LIMIT: '3', SIGNUP_LIMIT_WINDOW: '60' } });
    try {
      const { signUpAtA } = from('192.0.2.1', few);
      const { username } = await signUp(few.client);
      expect(await statusesOf(3, (i) => signUpAtA(i === 1 ? username : newName()))).toEqual([201, 409, 201]);
      const refused = await signUpAtA();
      expect(refused.status).toBe(429);
      expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(60);
      expect((await from('198.51.100.1', few).signUpAtA()).status).toBe(201);
      few.clock.advance(61);
      expect((await signUpAtA()).status).toBe(201);
    } finally {
      await few.stop();
    }
  });
});

describe('The source of a request', () => {
  it('is the peer of the socket when no proxy is trusted, despite X-Forwarded-For', async () => {
    const plain = await startService({ env: { ...LIMITS, TRUST_PROXY: 'off' } });
    try {
      const name = newName();
      const statuses = await statusesOf(4, () => from(newAddress(), plain).logInToA(name, 'wrong password'));
      expect(statuses).toEqual([401, 401, 401, 429]);
    } finally {
      await plain.stop();
    }
  });
});

describe('RATE_LIMIT=off', () => {
  it('counts nothing and refuses no login', async () => {
    const off = await startService({ env: { ...LIMITS, RATE_LIMIT: 'off', SIGNUP_LIMIT: '1' } });
    try {
      const { username } = await registerAt(off.client);
      await registerAt(off.client);
      expect(
        await statusesOf(20, () => off.client.post('/auth/token', { username, password: 'wrong password' })),
      ).toEqual(new Array(20).fill(401));
      for (const table of ['counters', 'known_sources'])
        expect(await off.dataSource.query(`SELECT * FROM ${table}`)).toEqual([]);
    } finally {
      await off.stop();
    }
  });
});

/** Repeats the attempt until it is refused, and returns the refusal. */
async function exhaust(attempt: () => Promise<Reply>): Promise<Reply> {
  for (let i = 0; i < 50; i++) {
    const reply = await attempt();
    if (reply.status === 429) return reply;
    expect(reply.status).toBe(401);
  }
  throw new Error('was never refused');
}
