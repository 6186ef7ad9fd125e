import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { freePort } from '../scripts/database-server.js';
import { PASSWORD } from './support/accounts.js';
import { canSeeProcesses, childrenOf, connectionsOf, familyOf, isAlive, until } from './support/family.js';
import { processesOfEachTest } from './support/processes.js';
import { embeddedStore } from './support/store.js';

/** A request on its own connection, which stays open until the test ends. */
class Call {
  readonly answered: Promise<{ status: number; body: Record<string, string> }>;
  /** Resolves when the service has accepted the request and waits for its body. */
  readonly accepted: Promise<unknown>;
  private readonly sent;

  constructor(
    url: string,
    [method, path]: readonly [method: string, path: string],
    { bearer, held = false }: { bearer?: string; held?: boolean } = {},
  ) {
    const agent = new Agent({ keepAlive: true });
    onTestFinished(() => {
      agent.destroy();
    });
    const headers = {
      'content-type': 'application/json',
      // Node would send the body of a DELETE without its length.
      ...(method !== 'GET' && { 'transfer-encoding': 'chunked' }),
      ...(bearer !== undefined && { authorization: `Bearer ${bearer}` }),
      ...(held && { expect: '100-continue' }),
    };
    this.sent = request(url + path, { method, agent, headers });
    this.accepted = new Promise((resolve) => this.sent.once('continue', resolve));
    this.answered = new Promise((resolve, reject) => {
      this.sent.on('error', reject);
      this.sent.on('response', (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk.toString()));
        response.on('error', reject);
        response.on('end', () => {
          const body = (text === '' ? {} : JSON.parse(text)) as Record<string, string>;
          resolve({ status: response.statusCode ?? 0, body });
        });
      });
    });
    // Tests that await the answer still see the failure.
    this.answered.catch(() => undefined);
  }

  finish(json?: object): this {
    this.sent.end(json && JSON.stringify(json));
    return this;
  }
}

const post = (url: string, path: string, json: object) => new Call(url, ['POST', path]).finish(json).answered;
const getUser = async (url: string, bearer: string) =>
  (await new Call(url, ['GET', '/auth/getuser'], { bearer }).finish().answered).status;
const register = async (url: string, username: string) => {
  const { status, body } = await post(url, '/auth/register', { username, password: PASSWORD });
  expect(status).toBe(201);
  return body as { access: string; refresh: string };
};
const many = <Result>(count: number, one: (i: number) => Promise<Result>) =>
  Promise.all(Array.from({ length: count }, (_, i) => one(i)));

// The embedded store allows one worker, and only Linux has /proc.
describe.runIf(inject('mysqlUrl') && canSeeProcesses)('Two workers', () => {
  const processes = processesOfEachTest();
  const start = (env: Record<string, string> = {}) => processes.start({ WORKERS: '2', ...env });

  it('serve one port, and see the changes of each other at once', async () => {
    const service = start();
    const url = await service.ready();
    expect(await service.logged(({ msg }) => msg === 'ready')).toMatchObject({ workers: 2, url });
    const workers = childrenOf(service.pid);
    expect(workers).toHaveLength(2);

    const { access, refresh } = await register(url, 'alice');
    expect(await many(16, () => getUser(url, access))).toEqual(new Array(16).fill(200));
    const logout = new Call(url, ['DELETE', '/user/login']).finish({ access_token: access, refresh_token: refresh });
    expect((await logout.answered).status).toBe(204);
    expect(await many(16, () => getUser(url, access))).toEqual(new Array(16).fill(401));
    const refused = await many(16, () => post(url, '/auth/token/refresh', { refresh }));
    expect(refused.map(({ status }) => status)).toEqual(new Array(16).fill(401));

    for (const worker of workers) expect(connectionsOf(worker, Number(new URL(url).port))).toBeGreaterThan(0);
    expect(service.stderr).toBe('');
  });

  it('answer /readyz with 503 until both serve', async () => {
    const port = await freePort();
    const service = start({ PORT: String(port) });
    const readyz = () => fetch(`http://127.0.0.1:${port}/readyz`, { headers: { connection: 'close' } });
    await until(() => childrenOf(service.pid).length === 2);
    const [, last] = childrenOf(service.pid) as [number, number];
    process.kill(last, 'SIGSTOP');
    const statuses: number[] = [];
    await until(() =>
      readyz().then(
        ({ status }) => statuses.push(status) === 20,
        () => false,
      ),
    );
    expect(new Set(statuses)).toEqual(new Set([503]));
    expect((await fetch(`http://127.0.0.1:${port}/livez`)).status).toBe(200);
    process.kill(last, 'SIGCONT');
    await service.ready();
    expect(await many(8, async () => (await readyz()).status)).toEqual(new Array(8).fill(200));
  });

  it.each([
    ['1', ['1', '1']],
    ['3', ['1', '2']],
    ['8', ['4', '4']],
  ])('share HASH_CONCURRENCY=%s', async (HASH_CONCURRENCY, shares) => {
    const service = start({ HASH_CONCURRENCY });
    await service.ready();
    const hashing = childrenOf(service.pid).flatMap(childrenOf);
    const threads = hashing.map((pid) => /UV_THREADPOOL_SIZE=(\d+)/.exec(readFileSync(`/proc/${pid}/environ`, 'utf8')));
    expect(threads.map((found) => found?.[1]).sort()).toEqual(shares);
  });

  it('are replaced when they are killed, while the other one answers', async () => {
    const service = start();
    const url = await service.ready();
    const port = Number(new URL(url).port);
    const { access } = await register(url, 'alice');
    const [first, second] = childrenOf(service.pid) as [number, number];
    process.kill(first, 'SIGKILL');
    expect(await service.logged(({ msg }) => msg === 'a worker has ended')).toMatchObject({
      level: 'error',
      code: null,
      signal: 'SIGKILL',
    });
    const replacement = () => childrenOf(service.pid).find((pid) => pid !== first && pid !== second);
    const hasAnswered = () => {
      const pid = replacement();
      return pid !== undefined && connectionsOf(pid, port) > 0;
    };
    const statuses = new Set<number>();
    while (!hasAnswered()) statuses.add(await getUser(url, access));
    expect([...statuses]).toEqual([200]);

    process.kill(second, 'SIGKILL');
    await until(() => !isAlive(second));
    const third = () => childrenOf(service.pid).find((pid) => pid !== replacement());
    await until(third);
    expect(await many(8, () => getUser(url, access))).toEqual(new Array(8).fill(200));
  });

  it('stop while one of them is being replaced', async () => {
    const service = start();
    await service.ready();
    const workers = childrenOf(service.pid);
    process.kill(workers[0]!, 'SIGKILL');
    await until(() => childrenOf(service.pid).some((pid) => !workers.includes(pid)));
    const family = familyOf(service.pid);
    service.kill('SIGTERM');
    expect(await service.exited).toBe(0);
    await until(() => !family.some(isAlive));
    expect(service.stderr).toBe('');
  });

  it.each<[string, (pid: number) => number[]]>([
    ['to the primary', (pid) => [pid]],
    ['to every process', familyOf],
  ])('answer accepted requests on a SIGTERM %s, and leave no process behind', async (_, signalled) => {
    const service = start();
    const url = await service.ready();
    const { access: token } = await register(url, 'alice');
    const calls = Array.from({ length: 16 }, (_, i) =>
      i % 2
        ? { call: new Call(url, ['POST', '/auth/token/verify'], { held: true }), json: { token }, status: 200 }
        : {
            call: new Call(url, ['POST', '/auth/register'], { held: true }),
            json: { username: `user${i}`, password: PASSWORD },
            status: 201,
          },
    );
    await Promise.all(calls.map(({ call }) => call.accepted));
    const family = familyOf(service.pid);
    expect(family).toHaveLength(5);
    // Half of the requests are complete by then, and half have yet to send their bodies.
    for (const { call, json } of calls.slice(0, 8)) call.finish(json);
    for (const pid of signalled(service.pid)) process.kill(pid, 'SIGTERM');
    for (const { call, json } of calls.slice(8)) call.finish(json);
    const answers = await Promise.all(calls.map(({ call }) => call.answered));
    expect(answers.map(({ status }) => status)).toEqual(calls.map(({ status }) => status));
    expect(await service.exited).toBe(0);
    await until(() => !family.some(isAlive));
    await expect(getUser(url, token)).rejects.toThrow();
    expect(service.stderr).toBe('');
  });

  it.each<[string, RegExp, () => Promise<Record<string, string>>]>([
    [
      'a port in use',
      /^latchkey: PORT: another program uses it; choose a free one\n$/,
      async () => {
        const other = createServer().listen(0, '127.0.0.1');
        await new Promise((resolve) => other.once('listening', resolve));
        other.unref();
        return { PORT: String((other.address() as AddressInfo).port) };
      },
    ],
    [
      'a secret that did not seal the keys',
      /^latchkey: AUTH_SECRET: is not the one .*\n$/,
      async () => {
        const service = start({ WORKERS: '1' });
        await service.ready();
        return { AUTH_SECRET: randomBytes(32).toString('hex') };
      },
    ],
    [
      'a wrong database password',
      /^latchkey: DATABASE_URL: the server does not admit .*\n$/,
      async () => {
        const url = new URL(processes.store.env['DATABASE_URL']!);
        url.username = 'nobody';
        url.password = 'nobody';
        return { DATABASE_URL: url.href };
      },
    ],
  ])('stop the start with one line for %s, and leave no process behind', async (_, line, wrong) => {
    const service = start(await wrong());
    const family = new Set<number>();
    let code: number | null | undefined;
    void service.exited.then((exit) => (code = exit));
    await until(() => {
      for (const pid of familyOf(service.pid)) family.add(pid);
      return code !== undefined;
    });
    expect(code).toBe(1);
    expect(service.stderr).toMatch(line);
    expect(family.size).toBeGreaterThanOrEqual(3);
    await until(() => ![...family].some(isAlive));
  });

  it('end when the primary is killed', async () => {
    const service = start();
    const url = await service.ready();
    const family = familyOf(service.pid);
    expect(family).toHaveLength(5);
    service.kill('SIGKILL');
    await until(() => !family.some(isAlive));
    await expect(getUser(url, 'x')).rejects.toThrow();
  });
});

describe('The embedded store', () => {
  const processes = processesOfEachTest(embeddedStore);

  it('refuses more than one worker with one line', async () => {
    const service = processes.start({ WORKERS: '2' });
    expect(await service.exited).toBe(1);
    expect(service.stderr).toMatch(/^latchkey: WORKERS: must be 1 on the embedded store.*\n$/);
    expect(service.stdout).toBe('');
  });

  it('has one worker with WORKERS=auto', async () => {
    const service = processes.start({ WORKERS: 'auto' });
    const url = await service.ready();
    await register(url, 'alice');
    if (canSeeProcesses) expect(familyOf(service.pid)).toHaveLength(2);
    service.kill('SIGTERM');
    expect(await service.exited).toBe(0);
  });
});
