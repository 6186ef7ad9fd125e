import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { freePort } from '../../scripts/database-server.js';
import { newName, PASSWORD } from '../support/accounts.js';
import { canSeeProcesses, childrenOf, isAlive, until } from '../support/family.js';
import { processesOfEachTest } from '../support/processes.js';
import { TcpProxy } from '../support/tcp-proxy.js';

const STOP_MS = 10_000;

const processes = processesOfEachTest();

interface Options {
  readonly agent?: Agent;
  /** Called when the service has accepted the request and waits for its body. */
  readonly onTaken?: () => void;
}

/** Sends a request. @returns the status, or undefined if the connection was refused or broke */
function post(url: string, path: string, json: object, { agent, onTaken }: Options = {}): Promise<number | undefined> {
  return new Promise((resolve) => {
    const headers = { 'content-type': 'application/json', ...(onTaken && { expect: '100-continue' }) };
    const sent = request(url + path, { method: 'POST', headers, ...(agent && { agent }) });
    sent.on('error', () => {
      resolve(undefined);
    });
    sent.on('response', (response) => {
      response.on('error', () => {
        resolve(undefined);
      });
      response.on('end', () => {
        resolve(response.complete ? response.statusCode : undefined);
      });
      response.resume();
    });
    const finish = () => sent.end(JSON.stringify(json));
    if (!onTaken) finish();
    else
      sent.on('continue', () => {
        onTaken();
        finish();
      });
    sent.flushHeaders();
  });
}

it('A process under load answers every accepted request after SIGTERM', { timeout: 60_000 }, async () => {
  const service = processes.start();
  const url = await service.ready();
  const answers = new Map<string, number | undefined>();
  // Half of the clients keep their connections, the others open one for each request.
  const one = async (agent: Agent) => {
    for (let status: number | undefined = 0; status !== undefined;) {
      const username = newName();
      status = await post(url, '/auth/register', { username, password: PASSWORD }, { agent });
      answers.set(username, status);
    }
    agent.destroy();
  };
  const clients = Array.from({ length: 24 }, (_, i) => one(new Agent({ keepAlive: i % 2 === 0 })));
  await until(() => answers.size >= 100);
  service.kill('SIGTERM');
  const signalledAt = performance.now();
  expect(await service.exited).toBe(0);
  expect(performance.now() - signalledAt).toBeLessThan(STOP_MS);
  await Promise.all(clients);

  const again = await processes.start().ready();
  const logins = [...answers].map(async ([username, status]) => {
    const login = await post(again, '/auth/token', { username, password: PASSWORD });
    // A request without an answer must not have been applied.
    expect([status, login]).toEqual(status === 201 ? [201, 200] : [undefined, 401]);
  });
  await Promise.all(logins);
});

// The embedded store is a file that the process opens itself, without a connection to cut.
describe.runIf(inject('mysqlUrl'))('A process whose database does not answer', () => {
  let proxy: TcpProxy;
  beforeEach(async () => {
    const { env } = processes.store;
    const url = new URL(env['DATABASE_URL']!);
    proxy = new TcpProxy(url);
    url.hostname = '127.0.0.1';
    url.port = String(await proxy.listen());
    env['DATABASE_URL'] = url.href;
  });
  afterEach(() => {
    proxy.end();
  });

  it.each([
    ['after answering every request', '3', 503],
    ['even if requests may wait for longer', '60', undefined],
  ])('stops within 10 s %s', async (_, DATABASE_TIMEOUT, expected) => {
    const service = processes.start({ DATABASE_TIMEOUT });
    const url = await service.ready();
    proxy.hang();
    let taken = 0;
    const onTaken = () => (taken += 1);
    const requests = Array.from({ length: 12 }, () =>
      post(url, '/auth/token', { username: 'someone', password: PASSWORD }, { onTaken }),
    );
    await until(() => taken === 12);
    service.kill('SIGTERM');
    const signalledAt = performance.now();
    expect(await Promise.all(requests)).toEqual(new Array(12).fill(expected));
    expect(await service.exited).toBe(0);
    expect(performance.now() - signalledAt).toBeLessThan(STOP_MS);
  });

  it('stops while it waits for the database at the start', async () => {
    proxy.hang();
    const service = processes.start();
    await until(() => proxy.count > 0);
    service.kill('SIGTERM');
    const signalledAt = performance.now();
    await service.exited;
    expect(performance.now() - signalledAt).toBeLessThan(STOP_MS);
  });

  // Only Linux has /proc.
  it.runIf(canSeeProcesses)(
    'stays alive but not ready after all of its workers have died, and recovers by itself',
    async () => {
      // Without a fixed port, the system would choose another one for the new workers.
      const service = processes.start({ WORKERS: '2', PORT: String(await freePort()) });
      const url = await service.ready();
      const workers = childrenOf(service.pid);
      expect(workers).toHaveLength(2);
      proxy.close();
      for (const pid of workers) process.kill(pid, 'SIGKILL');
      await until(() => !workers.some(isAlive));
      expect(await firstStatus(`${url}/livez`)).toBe(200);
      expect(await firstStatus(`${url}/readyz`)).toBe(503);
      proxy.open();
      while ((await firstStatus(`${url}/readyz`)) !== 200) await sleep(50);
    },
  );

  /** Retries until there is an answer. @returns its status */
  async function firstStatus(url: string): Promise<number> {
    for (;;) {
      // Node may keep a connection open that it had accepted for a worker that has died.
      const response = await fetch(url, { signal: AbortSignal.timeout(2_000) }).catch(() => undefined);
      if (response) return response.status;
      await sleep(50);
    }
  }
});
