import { describe, expect, it } from 'vitest';
import { register, signUp } from '../support/accounts.js';
import { replicasOfFile, WINDOW } from './replicas.js';

const replicas = replicasOfFile();
const { refresh, refreshB, getUser } = replicas;

describe('Inside the replay window, the service', () => {
  it('gives the parent the same successor byte for byte, and a new access token, on every replica', async () => {
    const { refresh: parent } = await register(replicas.one.client);
    const first = await refresh(parent);
    replicas.one.clock.advance(WINDOW - 1);
    const others = [await refresh(parent), await refresh(parent, replicas.other)];
    for (const other of others) {
      expect([other.status, other.refresh]).toEqual([200, first.refresh]);
      expect(other.access).not.toBe(first.access);
      expect((await getUser(other.access)).status).toBe(200);
    }
    expect((await refresh(first.refresh)).status).toBe(200);
  });

  it('gives the parent an access token at contract B', async () => {
    const { refresh: parent } = await signUp(replicas.one.client);
    await refresh(parent);
    expect((await refreshB(parent)).status).toBe(201);
  });

  it('lets browser tabs that share a refresh token converge', async () => {
    const { refresh: shared } = await register(replicas.one.client);
    const tabs = await Promise.all(
      Array.from({ length: 12 }, (_, i) => refresh(shared, i % 2 ? replicas.one : replicas.other)),
    );
    expect(new Set(tabs.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set(tabs.map(({ refresh: successor }) => successor)).size).toBe(1);
    expect((await refresh(tabs[0]!.refresh)).status).toBe(200);
  });

  it('treats a grandparent as a replay', async () => {
    const { refresh: grandparent } = await register(replicas.one.client);
    const parent = await refresh(grandparent);
    await refresh(parent.refresh);
    expect((await refresh(grandparent)).status).toBe(401);
    expect((await refresh(parent.refresh)).status).toBe(401);
  });
});

describe('At the end of a token’s life, the service', () => {
  it('gives the parent its successor inside the window, and treats it as a replay afterwards', async () => {
    const short = await replicas.startWith({ ACCESS_TOKEN_TTL: '60', REFRESH_TOKEN_TTL: '60', SESSION_MAX_AGE: '600' });
    const { refresh: parent } = await register(short.client);
    short.clock.advance(58);
    const child = await refresh(parent, short);
    short.clock.advance(4);
    expect(await refresh(parent, short)).toMatchObject({ status: 200, refresh: child.refresh });
    short.clock.advance(WINDOW);
    expect((await refresh(parent, short)).status).toBe(401);
    expect((await refresh(child.refresh, short)).status).toBe(401);
    await short.stop();
  });
});

describe('REFRESH_REPLAY_WINDOW=0', () => {
  it('makes every second use a replay', async () => {
    const strict = await replicas.startWith({ REFRESH_REPLAY_WINDOW: '0' });
    const { refresh: parent } = await register(strict.client);
    const child = await refresh(parent, strict);
    expect((await refresh(parent, strict)).status).toBe(401);
    expect((await refresh(child.refresh, strict)).status).toBe(401);
    await strict.stop();
  });

  it('accepts one of several concurrent uses, and none of its successors', async () => {
    const strict = await replicas.startWith({ REFRESH_REPLAY_WINDOW: '0' });
    const accounts = await Promise.all(Array.from({ length: 8 }, () => register(strict.client)));
    const uses = await Promise.all(
      accounts.map((account) => Promise.all([refresh(account.refresh, strict), refresh(account.refresh, strict)])),
    );
    for (const replies of uses) {
      expect(replies.map(({ status }) => status).toSorted()).toEqual([200, 401]);
      const { refresh: successor } = replies.find(({ status }) => status === 200)!;
      expect((await refresh(successor, strict)).status).toBe(401);
    }
    await strict.stop();
  });
});
