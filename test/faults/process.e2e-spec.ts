import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { freePort } from '../../scripts/database-server.js';
import { newName, PASSWORD } from '../support/accounts.js';
import { canSeeProcesses, childrenOf, isAlive, until } from '../support/family.js';
import { processesOfEachTest } from '../support/processes.js';
import { Way } from '../support/way.js';

const STOP_MS = 10_000;

const processes = processesOfEachTest();

interface Options {
  readonly agent?: Agent;
  /** Called when the service has taken the request, and waits for its body. */
  readonly onTaken?: () => void;
}

/** @returns the status, or undefined where the connection was refused or broke */
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

it('on SIGTERM under load answers every request that it took, and takes no more', { timeout: 60_000 }, async () => {
  const service = processes.start();
  const url = await service.ready();
  const answers = new Map<string, number | undefined>();
  // Half of the clients keep their connections, half make one for each request.
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
  const toldAt = performance.now();
  expect(await service.exited).toBe(0);
  expect(performance.now() - toldAt).toBeLessThan(STOP_MS);
  await Promise.all(clients);

  const again = await processes.start().ready();
  const logins = [...answers].map(async ([username, status]) => {
    const login = await post(again, '/auth/token', { username, password: PASSWORD });
    // Whoever has no answer was not listened to.
    expect([status, login]).toEqual(status === 201 ? [201, 200] : [undefined, 401]);
  });
  await Promise.all(logins);
});

describe.runIf(inject('mysqlUrl'))('beside a database that does not answer', () => {
  let way: Way;
  beforeEach(async () => {
    const { env } = processes.store;
    const url = new URL(env['DATABASE_URL']!);
    way = new Way(url);
    url.hostname = '127.0.0.1';
    url.port = String(await way.listen());
    env['DATABASE_URL'] = url.href;
  });
  afterEach(() => {
    way.end();
  });

  it.each([
    ['with an answer for everybody', '3', 503],
    ['where requests could wait for longer', '60', undefined],
  ])('stops within 10 s, %s', async (_, DATABASE_TIMEOUT, expected) => {
    const service = processes.start({ DATABASE_TIMEOUT });
    const url = await service.ready();
    way.hang();
    let taken = 0;
    const onTaken = () => (taken += 1);
    const requests = Array.from({ length: 12 }, () =>
      post(url, '/auth/token', { username: 'someone', password: PASSWORD }, { onTaken }),
    );
    await until(() => taken === 12);
    service.kill('SIGTERM');
    const toldAt = performance.now();
    expect(await Promise.all(requests)).toEqual(new Array(12).fill(expected));
    expect(await service.exited).toBe(0);
    expect(performance.now() - toldAt).toBeLessThan(STOP_MS);
  });

  it('stops while it waits for it at the start', async () => {
    way.hang();
    const service = processes.start();
    await until(() => way.count > 0);
    service.kill('SIGTERM');
    const toldAt = performance.now();
    await service.exited;
    expect(performance.now() - toldAt).toBeLessThan(STOP_MS);
  });

  it.runIf(canSeeProcesses)(
    'is alive and not ready although all of its workers were replaced, and heals by itself',
    async () => {
      // With all of them gone, one of its own choice would be another.
      const service = processes.start({ WORKERS: '2', PORT: String(await freePort()) });
      const url = await service.ready();
      const workers = childrenOf(service.pid);
      expect(workers).toHaveLength(2);
      way.close();
      for (const pid of workers) process.kill(pid, 'SIGKILL');
      await until(() => !workers.some(isAlive));
      expect(await firstStatus(`${url}/livez`)).toBe(200);
      expect(await firstStatus(`${url}/readyz`)).toBe(503);
      way.open();
      while ((await firstStatus(`${url}/readyz`)) !== 200) await sleep(50);
    },
  );

  /** Of the first answer that there is. */
  async function firstStatus(url: string): Promise<number> {
    for (;;) {
      // Node holds on to connections that it took for workers that have died since.
      const response = await fetch(url, { signal: AbortSignal.timeout(2_000) }).catch(() => undefined);
      if (response) return response.status;
      await sleep(50);
    }
  }
});
