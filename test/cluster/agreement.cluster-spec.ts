import { randomBytes } from 'node:crypto';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { applyMigrations } from '../../src/platform/database/apply-migrations.js';
import { dataSourceOptions } from '../../src/platform/database/data-source-options.js';
import { migrations } from '../../src/platform/schema/migrations/index.js';
import { newName } from '../support/accounts.js';
import { violationsOf } from './history.js';
import { clusterOf } from './kinds.js';
import { Recorder } from './recorder.js';
import { Replicas } from './replicas.js';

/** How long three nodes may take to agree. */
const PATIENCE = { timeout: 30_000, interval: 100 };

const cluster = clusterOf(inject('cluster'));
let replicas: Replicas;
let recorder: Recorder;

describe('Replicas that start together on different nodes of an empty cluster', () => {
  it('apply the migrations once', async () => {
    for (let round = 0; round < 10; round++) {
      const url = await cluster.newDatabase();
      const stores = (await cluster.entrances()).map(
        (node) =>
          new DataSource(
            dataSourceOptions(
              { DATABASE_URL: url(node), DATABASE_TIMEOUT: 5, DATABASE_POOL: 2, DATA_DIR: '' },
              migrations,
            ),
          ),
      );
      try {
        await Promise.all(
          stores.map(async (store) => {
            await store.initialize();
            await applyMigrations(store);
          }),
        );
        for (const store of stores) {
          const rows = await store.query<{ name: string }[]>('SELECT name FROM migrations');
          expect(rows.map(({ name }) => name).sort()).toEqual(migrations.map(({ name }) => name).sort());
        }
      } finally {
        for (const store of stores) if (store.isInitialized) await store.destroy();
      }
    }
  });

  it('all become ready with the same signing keys', async () => {
    const url = await cluster.newDatabase();
    const together = await Replicas.withPorts(randomBytes(32).toString('hex'));
    try {
      await together.start((await cluster.entrances()).map(url));
      const keys = together.urls.map(async (at) => (await fetch(`${at}/.well-known/jwks.json`)).text());
      expect(new Set(await Promise.all(keys)).size).toBe(1);
    } finally {
      await together.stop();
    }
  });
});

// Each replica uses its own node, so a node that lags behind the others would show.
describe('Replicas on different writable nodes', () => {
  beforeAll(async () => {
    replicas = await Replicas.withPorts(randomBytes(32).toString('hex'));
    const url = await cluster.newDatabase();
    await replicas.start((await cluster.entrances()).map(url));
    recorder = new Recorder();
  });
  afterAll(() => replicas.stop());

  const at = (index: number) => replicas.urls[index % 3]!;
  const signedUp = async (index: number) => (await recorder.signUp(at(index), newName())).held!;
  const statuses = (replies: { status: number | undefined }[]) => replies.map(({ status }) => status);

  it('give a name to one of several concurrent sign-ups, and answer the others with 409', async () => {
    const before = await cluster.conflicts();
    for (let round = 0; round < 200; round++) {
      const name = newName();
      const nodes = round % 2 === 0 ? [0, 1] : [0, 1, 2];
      const all = await Promise.all(nodes.map((index) => recorder.signUp(at(round + index), name)));
      expect(statuses(all).sort()).toEqual([201, 409, 409].slice(0, all.length));
    }
    // Without a conflict between nodes, the test would have proved nothing.
    if (cluster.takesWritesEverywhere) expect(await cluster.conflicts()).toBeGreaterThan(before);
  });

  it('see a sign-up, a refresh and a logout on another replica at once', async () => {
    for (let round = 0; round < 100; round++) {
      let held = await signedUp(round);
      expect((await recorder.use(at(round + 1), held)).status).toBe(200);
      held = (await recorder.refresh(at(round + 2), held)).held!;
      expect((await recorder.use(at(round), held, 'verify')).status).toBe(200);
      held = (await recorder.refresh(at(round + 1), held)).held!;
      expect((await recorder.logout(at(round + 2), held)).status).toBe(204);
      const after = [0, 1, 2].flatMap((index) => [recorder.use(at(index), held), recorder.refresh(at(index), held)]);
      expect(statuses(await Promise.all(after))).toEqual([401, 401, 401, 401, 401, 401]);
    }
  });

  it('log out a session that another replica has just opened', async () => {
    for (let round = 0; round < 100; round++) {
      const held = await signedUp(round);
      expect((await recorder.logout(at(round + 1), held)).status).toBe(204);
      expect((await recorder.use(at(round), held)).status).toBe(401);
    }
  });

  it('give concurrent refreshes one successor, which does not outlive a concurrent logout', async () => {
    for (let round = 0; round < 100; round++) {
      let held = await signedUp(round);
      const three = await Promise.all([0, 1, 2].map((index) => recorder.refresh(at(index), held)));
      expect(statuses(three)).toEqual([200, 200, 200]);
      expect(new Set(three.map((reply) => reply.held?.refresh)).size).toBe(1);
      held = three[0]!.held!;
      const [ended, refreshed] = await Promise.all([
        recorder.logout(at(round), held),
        recorder.refresh(at(round + 1), held),
      ]);
      expect(ended.status).toBe(204);
      expect([200, 401]).toContain(refreshed.status);
      for (const index of [0, 1, 2]) {
        expect((await recorder.use(at(index), held)).status).toBe(401);
        expect((await recorder.refresh(at(index), refreshed.held ?? held)).status).toBe(401);
      }
    }
  });

  it('answer twenty concurrent refreshes of one token with one successor', async () => {
    for (let round = 0; round < 20; round++) {
      const held = await signedUp(round);
      const twenty = await Promise.all(Array.from({ length: 20 }, (_, index) => recorder.refresh(at(index), held)));
      expect(new Set(statuses(twenty))).toEqual(new Set([200]));
      expect(new Set(twenty.map((reply) => reply.held?.refresh)).size).toBe(1);
    }
  });

  // In a group with one primary, clients write to no other node.
  it.runIf(cluster.takesWritesEverywhere)(
    'do not trust a node that hung while the other nodes went on without it',
    async () => {
      const [, , hung] = cluster.nodes;
      for (let round = 0; round < 2; round++) {
        const held = await signedUp(round);
        expect((await recorder.use(at(2), held)).status).toBe(200);
        await hung.hang();
        // Waits until the other nodes have agreed that the hung node is gone.
        await vi.waitUntil(async () => (await recorder.logout(at(0), held)).status === 204, PATIENCE);
        const asked = [recorder.use(at(2), held), recorder.use(at(2), held, 'verify'), recorder.refresh(at(2), held)];
        hung.signal('SIGCONT');
        for (const status of statuses(await Promise.all(asked))) expect([401, 503]).toContain(status);
        await hung.synced();
        await vi.waitUntil(async () => (await recorder.use(at(2), held)).status === 401, PATIENCE);
      }
    },
  );

  it('leave a history without a violation', () => {
    expect(replicas.errors).toEqual([]);
    expect(violationsOf(recorder.history)).toEqual([]);
  });
});
