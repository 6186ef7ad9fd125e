import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type RunningLatchkey, startLatchkey } from '../src/index.js';

const BOB = { username: 'bob', password: 'correct horse battery staple' };
let kit: RunningLatchkey;

beforeAll(async () => {
  kit = await startLatchkey();
});
beforeEach(() => kit.reset());
afterAll(() => kit.stop());

async function register(username: string): Promise<number> {
  const headers = { 'Content-Type': 'application/json' };
  const body = JSON.stringify({ ...BOB, username });
  return (await fetch(`${kit.url}/auth/register`, { method: 'POST', headers, body })).status;
}

/** Resolves once a fault has delayed a request, so that the request is in progress. */
async function delayed(): Promise<void> {
  while ((await kit.faults.list())[0]?.fired !== 1);
}

describe('A reset', () => {
  it('waits for a sign-up in progress, which writes nothing into the new state', async () => {
    await kit.faults.add({ match: { path: '/auth/register' }, action: 'delay', delay_ms: 60_000 });
    const signUp = register('bob');
    await delayed();
    await kit.reset();

    expect(await signUp).toBe(201);
    expect(await kit.accounts.list()).toEqual([]);
    expect(await kit.events.list()).toEqual([]);
  });

  it('leaves nothing behind after many sign-ups at once', async () => {
    for (let round = 0; round < 10; round++) {
      const signUps = Array.from({ length: 5 }, (_, i) => register(`user-${round}-${i}`));
      await kit.reset();
      // A sign-up that came after the reset belongs to the new state.
      const [statuses, accounts] = [await Promise.all(signUps), await kit.accounts.list()];

      expect(new Set(statuses)).toEqual(new Set([201]));
      expect(accounts.length).toBeLessThanOrEqual(signUps.length);
      await kit.reset();
      expect(await kit.accounts.list()).toEqual([]);
    }
  });

  it('leaves no event of a session behind after the settings had changed', async () => {
    await kit.settings.change({ ACCESS_TOKEN_TTL: 60 });
    await register('bob');
    await kit.reset();

    expect([await kit.settings.read(), await kit.events.list(), await kit.accounts.list()]).toEqual([{}, [], []]);
  });
});

describe('A change of settings', () => {
  it('lets requests in progress end, and keeps what they wrote', async () => {
    await kit.faults.add({ match: { path: '/auth/register' }, action: 'delay', delay_ms: 500 });
    const signUp = register('bob');
    await delayed();
    await kit.settings.change({ ACCESS_TOKEN_TTL: 60 });

    expect(await signUp).toBe(201);
    expect((await kit.accounts.list()).map(({ username }) => username)).toEqual(['bob']);
  });

  it('serves every request that comes meanwhile', async () => {
    const change = kit.settings.change({ ACCESS_TOKEN_TTL: 60 });
    const signUps = Array.from({ length: 20 }, (_, i) => register(`user-${i}`));
    await change;

    expect(new Set(await Promise.all(signUps))).toEqual(new Set([201]));
    expect(await kit.accounts.list()).toHaveLength(20);
  });
});

describe('A prefix', () => {
  it('is compared to the letter, so that no other account is removed', async () => {
    await kit.accounts.createMany(['w_1', 'wx1', 'W_2', 'other'].map((username) => ({ username })));

    expect(await kit.accounts.removeByPrefix('w_')).toBe(1);
    expect((await kit.accounts.list()).map(({ username }) => username)).toEqual(['wx1', 'W_2', 'other']);
  });
});
