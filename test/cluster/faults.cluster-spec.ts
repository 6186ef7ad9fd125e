import { randomBytes } from 'node:crypto';
import { createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { newName } from '../support/accounts.js';
import type { Cluster } from './cluster.js';
import { HaProxy } from './haproxy.js';
import { violationsOf } from './history.js';
import { clusterOf } from './kinds.js';
import { Load } from './load.js';
import type { ClusterNode } from './node.js';
import { Recorder } from './recorder.js';
import { Replicas } from './replicas.js';

/** How long three nodes may take to agree, and HAProxy and the replicas to notice. */
const PATIENCE = { timeout: 60_000, interval: 100 };

const CLIENTS = 6;
/** Requests that must be acknowledged between two events. */
const REQUESTS = 150;

const cluster = clusterOf(inject('cluster'));
let replicas: Replicas;
let haproxy: HaProxy;
let url: Awaited<ReturnType<Cluster['newDatabase']>>;
let recorder: Recorder;
const loads: Load[] = [];
/** The addresses of all replicas and of HAProxy. */
let urls: string[];

beforeAll(async () => {
  replicas = await Replicas.withPorts(randomBytes(32).toString('hex'));
  haproxy = await HaProxy.start(cluster, replicas.ports);
  url = await cluster.newDatabase();
  await replicas.start([haproxy, haproxy, haproxy].map(url));
  urls = [...replicas.urls, haproxy.url];
  await ready();
  recorder = new Recorder();
});
afterAll(async () => {
  for (const load of loads) await load.stop();
  await replicas.stop();
  haproxy.stop();
});

/** Waits until every replica is ready and HAProxy has noticed it. */
const ready = () =>
  vi.waitUntil(async () => {
    const answers = urls.map((at) =>
      fetch(`${at}/readyz`).then(
        ({ ok }) => ok,
        () => false,
      ),
    );
    return (await Promise.all(answers)).every(Boolean);
  }, PATIENCE);

/** Returns the node to which HAProxy routes at present. */
async function writer(): Promise<ClusterNode> {
  const connection = await createConnection(url(haproxy));
  const [rows] = await connection.query('SELECT @@port AS port');
  connection.destroy();
  const { port } = (rows as { port: number }[])[0]!;
  return cluster.nodes.find((node) => node.address.endsWith(`:${port}`))!;
}

function newLoad(): Load {
  const load = new Load(recorder, urls, CLIENTS);
  loads.push(load);
  return load;
}

/** Checks that nothing acknowledged is lost, and that no ended session is alive. */
async function expectNothingLost(): Promise<void> {
  for (const load of loads) {
    await load.stop();
    await load.audit();
  }
  expect(replicas.errors).toEqual([]);
  expect(violationsOf(recorder.history)).toEqual([]);
  for (const kind of ['sign-up', 'login', 'refresh', 'use', 'logout'] as const)
    expect(recorder.acknowledged(kind), kind).toBeGreaterThan(0);
}

describe('The service under load', () => {
  it('loses nothing when the node that takes the writes is killed and comes back', async () => {
    const load = newLoad();
    for (let round = 0; round < 2; round++) {
      await load.acknowledges(REQUESTS);
      const node = await writer();
      await node.kill();
      await load.acknowledges(REQUESTS);
      expect((await writer()).name).not.toBe(node.name);
      node.start();
      await node.synced();
      await load.acknowledges(REQUESTS);
      // HAProxy must not switch back while the other node is healthy.
      expect((await writer()).name).not.toBe(node.name);
    }
    await expectNothingLost();
  });

  it('answers 503 and accepts no token while two of three nodes are lost', async () => {
    const load = newLoad();
    await load.acknowledges(REQUESTS);
    const alive = (await recorder.signUp(replicas.urls[0]!, newName())).held!;
    const kept = await writer();
    const lost = cluster.nodes.filter((node) => node !== kept);
    await Promise.all(lost.map((node) => node.kill()));
    const since = performance.now();
    // Until the node notices the loss, it may serve reads: no other node can have changed anything.
    await vi.waitUntil(() => kept.isAlone(), PATIENCE);

    for (let round = 0; round < 5; round++)
      for (const at of urls) {
        const name = newName();
        const refusals = await Promise.all([
          recorder.use(at, alive),
          recorder.use(at, alive, 'verify'),
          recorder.refresh(at, alive),
          recorder.login(at, name),
          recorder.signUp(at, name),
          recorder.logout(at, alive),
        ]);
        expect(refusals.map(({ status }) => status)).toEqual([503, 503, 503, 503, 503, 503]);
        expect((await fetch(`${at}/livez`)).status).toBe(200);
        expect((await fetch(`${at}/readyz`)).status).toBe(503);
      }
    const written = recorder.history.filter(
      ({ kind, start, status = 500 }) => start > since && status < 300 && ['sign-up', 'login', 'logout'].includes(kind),
    );
    expect(written).toEqual([]);

    for (const node of lost) node.start();
    await cluster.recovered();
    await ready();
    await load.acknowledges(REQUESTS);
    await expectNothingLost();
    await replicas.stop();
    for (const table of ['users', 'sessions', 'signing_keys', 'migrations'])
      expect((await cluster.checksums(url, table)).size, table).toBe(1);
  });
});
