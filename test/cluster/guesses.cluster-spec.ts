import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { newName, PASSWORD } from '../support/accounts.js';
import { clusterOf } from './kinds.js';
import { Replicas } from './replicas.js';

/** How many guesses at one name are allowed from one source, and from all sources together. */
const OF_A_SOURCE = 3;
const OF_ALL_SOURCES = 40;
const SIGNUPS = 5;
const LIMITS = {
  LOGIN_LIMIT: String(OF_A_SOURCE),
  LOGIN_LIMIT_NAME: String(OF_ALL_SOURCES),
  SIGNUP_LIMIT: String(SIGNUPS),
  TRUST_PROXY: '127.0.0.1',
};
const ROUNDS = 5;
/** Requests that are sent at the same time. */
const BURST = 30;
/** Concurrent attackers, three at each replica. */
const ATTACKERS = 9;

const cluster = clusterOf(inject('cluster'));
let replicas: Replicas;

beforeAll(async () => {
  replicas = await Replicas.withPorts(randomBytes(32).toString('hex'), LIMITS);
  const url = await cluster.newDatabase();
  await replicas.start((await cluster.entrances()).map(url));
});
afterAll(() => replicas.stop());

let sources = 0;
/** Returns an address of a source that no other test uses. */
function newAddress(): string {
  sources += 1;
  return `10.${sources >> 8}.${sources & 255}.1`;
}

/** Sends a request from an address to a replica. @returns the status of the answer */
async function send(replica: number, path: string, address: string, username: string, password: string) {
  const response = await fetch(`${replicas.urls[replica % 3]!}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-forwarded-for': address },
    body: JSON.stringify({ username, password }),
  });
  await response.text();
  return response.status;
}

const guess = (replica: number, address: string, name: string, password: string) =>
  send(replica, '/auth/token', address, name, password);
const signUp = (replica: number, address: string, name = newName()) =>
  send(replica, '/auth/register', address, name, PASSWORD);

/** Sends requests to all replicas at once. @returns how many of them were not refused */
async function notRefused(accepted: number, request: (index: number) => Promise<number>): Promise<number> {
  const statuses = await Promise.all(Array.from({ length: BURST }, (_, index) => request(index)));
  expect(statuses.filter((status) => ![accepted, 429].includes(status))).toEqual([]);
  return statuses.filter((status) => status === accepted).length;
}

/** Guesses from a new source each time until a guess is refused. @returns how many were checked */
async function guessesUntilRefused(replica: number, name: string): Promise<number> {
  for (let checked = 0; ; checked++) {
    const status = await guess(replica, newAddress(), name, `wrong password ${checked}`);
    if (status === 429) return checked;
    expect(status).toBe(401);
  }
}

/** Sends the right password from an address to each replica. */
const rightAtEach = (address: string, name: string) =>
  Promise.all([0, 1, 2].map((replica) => guess(replica, address, name, PASSWORD)));

/** Creates an account whose known source is an address. */
async function accountAt(address: string): Promise<string> {
  const name = newName();
  expect(await signUp(0, address, name)).toBe(201);
  return name;
}

describe('Guesses at one name, on replicas with different writable nodes', () => {
  it('reach exactly the budget when they come one after the other', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const [name, address] = [await accountAt(newAddress()), newAddress()];
      const statuses: number[] = [];
      for (let i = 0; i < OF_A_SOURCE + 2; i++) statuses.push(await guess(round + i, address, name, `wrong ${i}`));
      expect(statuses).toEqual([...new Array<number>(OF_A_SOURCE).fill(401), 429, 429]);
    }
  });

  it('do not exceed the budget of a source when they come from it concurrently', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const [name, address] = [await accountAt(newAddress()), newAddress()];
      const checked = await notRefused(401, (i) => guess(i, address, name, `wrong password ${i}`));
      expect(checked).toBeLessThanOrEqual(OF_A_SOURCE);
      expect(await rightAtEach(address, name)).toEqual([429, 429, 429]);
    }
  });

  it('do not exceed the budget of the name from many sources, and do not lock out its owner', async () => {
    const before = await cluster.conflicts();
    for (let round = 0; round < ROUNDS; round++) {
      const home = newAddress();
      const name = await accountAt(home);
      const checked = await Promise.all(Array.from({ length: ATTACKERS }, (_, i) => guessesUntilRefused(i, name)));
      expect(checked.reduce((sum, count) => sum + count)).toBeLessThanOrEqual(OF_ALL_SOURCES);
      expect(await rightAtEach(newAddress(), name)).toEqual([429, 429, 429]);
      expect(await rightAtEach(home, name)).toEqual([200, 200, 200]);
    }
    // Without a conflict about a counter, the test would have proved nothing.
    if (cluster.takesWritesEverywhere) expect(await cluster.conflicts()).toBeGreaterThan(before);
  });
});

describe('Sign-ups, on replicas with different writable nodes', () => {
  it('do not exceed the budget of a source when they come from it concurrently', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const address = newAddress();
      expect(await notRefused(201, (i) => signUp(i, address))).toBeLessThanOrEqual(SIGNUPS);
    }
  });

  it('leave no error in the log, and neither do guesses', () => {
    expect(replicas.errors).toEqual([]);
  });
});
