import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { HashProcess } from '../src/passwords/worker/hash-process.js';
import { HashQueue } from '../src/passwords/worker/hash-queue.js';
import { newName, PASSWORD, register } from './support/accounts.js';
import type { Reply } from './support/client.js';
import { canSeeProcesses, childrenOf, isAlive, until } from './support/family.js';
import { ServiceProcess } from './support/process.js';
import { type Service, startService } from './support/service.js';
import { newStore } from './support/store.js';

/** Hashes so expensive that a few take a second on any machine. */
const EXPENSIVE = { HASH_CONCURRENCY: '1', ARGON2_MEMORY_KIB: '65536', ARGON2_TIME_COST: '4' };

/** Binds a process to one core. */
const TASKSET = '/usr/bin/taskset';

const BUSY = 'service unavailable, try again later';
const BUSY_AT_A = { detail: BUSY };
const BUSY_AT_B = { status: 'SERVICE UNAVAILABLE', reason: BUSY };

let service: Service;

/** The requests that need a hash; `name` is the account, which a registration creates. */
const kinds: { path: string; success: number; busy: object; isNew: boolean; body: (name: string) => object }[] = [
  {
    path: '/auth/token',
    success: 200,
    busy: BUSY_AT_A,
    isNew: false,
    body: (username) => ({ username, password: PASSWORD }),
  },
  {
    path: '/user/login',
    success: 201,
    busy: BUSY_AT_B,
    isNew: false,
    body: (username) => ({ username, password: PASSWORD }),
  },
  {
    path: '/auth/register',
    success: 201,
    busy: BUSY_AT_A,
    isNew: true,
    body: (username) => ({ username, password: PASSWORD }),
  },
  {
    path: '/user/signup',
    success: 201,
    busy: BUSY_AT_B,
    isNew: true,
    body: (username) => ({
      username,
      email: `${username}@example.com`,
      password: PASSWORD,
      first_name: 'Test',
      last_name: 'Person',
    }),
  },
];

const login = (username: string) => service.client.post('/auth/token', { username, password: PASSWORD });
/** Tasks that the queue hands over to one thread at a time. */
const PLACES = 2;
/** Occupies all places, and returns the statuses of the logins. */
const fill = async (username: string) =>
  (await Promise.all([login(username), login(username)])).map(({ status }) => status);
/** The id of the process that hashes, undefined while it is being replaced. */
const pidOf = (at = service) => at.app.get(HashProcess).stats.pid;
/** Sends a signal to the process that hashes. @returns its id */
function signal(name: NodeJS.Signals): number {
  const pid = pidOf()!;
  process.kill(pid, name);
  return pid;
}
const isReplaced = (pid: number) => pidOf() !== undefined && pidOf() !== pid;
const waiting = () => service.app.get(HashQueue).stats.waiting;
const underWay = (at = service) => at.app.get(HashProcess).stats.tasks;

/** Stops the hashing process while `work` runs, so that no hash ends. */
async function whileStopped<Result>(work: () => Promise<Result>): Promise<Result> {
  const stopped = signal('SIGSTOP');
  try {
    return await work();
  } finally {
    if (pidOf() === stopped) signal('SIGCONT');
  }
}

const names = async () =>
  (await service.dataSource.query<{ username: string }[]>('SELECT username FROM users')).map(
    ({ username }) => username,
  );
const orphanedSessions = () =>
  service.dataSource.query<object[]>('SELECT id FROM sessions WHERE user_id NOT IN (SELECT id FROM users)');

describe('A service with more passwords than it can hash within HASH_TIMEOUT', () => {
  let username: string;
  beforeAll(async () => {
    service = await startService({ env: { ...EXPENSIVE, HASH_TIMEOUT: '1' } });
    // The service first makes the hash for unknown names, which waits for the process to start.
    await until(() => underWay() === 0);
    ({ username } = await register(service.client));
  });
  afterAll(() => service.stop());

  const expectBusy = (reply: Reply, busy: object) => {
    expect([reply.status, reply.body]).toEqual([503, busy]);
    expect(reply.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
  };

  it('answers some requests, and refuses the others at once with Retry-After and without a trace', async () => {
    const burst = Array.from({ length: 12 }, () => kinds.map((kind) => ({ ...kind, name: newName() }))).flat();
    const replies = await Promise.all(
      burst.map(({ path, body, isNew, name }) => service.client.post(path, body(isNew ? name : username))),
    );
    const made = new Set<string>();
    const refused = new Set<string>();
    for (const [i, { success, busy, isNew, name, path }] of burst.entries()) {
      const reply = replies[i]!;
      if (reply.status === success) {
        if (isNew) made.add(name);
      } else {
        expectBusy(reply, busy);
        refused.add(path);
      }
    }
    expect(replies.some(({ status }) => status < 300)).toBe(true);
    expect(refused).toEqual(new Set(kinds.map(({ path }) => path)));
    expect(new Set(await names())).toEqual(new Set([username, ...made]));
    expect(await orphanedSessions()).toEqual([]);
    expect((await login(username)).status).toBe(200);
  });

  it.each(kinds)('refuses $path after HASH_TIMEOUT and without a trace', async (kind) => {
    const { path, busy, isNew, body } = kind;
    const before = await names();
    const { first, reply } = await whileStopped(async () => {
      const first = fill(username);
      await until(() => underWay() === PLACES);
      return { first, reply: await service.client.post(path, body(isNew ? newName() : username)) };
    });
    expectBusy(reply, busy);
    expect(await first).toEqual([200, 200]);
    expect(await names()).toEqual(before);
    expect(await orphanedSessions()).toEqual([]);
  });
});

describe('The hashing process', () => {
  let username: string;
  let access: string;
  let refresh: string;
  beforeAll(async () => {
    service = await startService({ env: { HASH_CONCURRENCY: '1', HASH_TIMEOUT: '60' } });
  });
  afterAll(() => service.stop());
  beforeEach(async () => {
    ({ username, access, refresh } = await register(service.client));
  });
  afterEach(() => vi.restoreAllMocks());

  it('does not delay requests that need no hash', async () => {
    const others: [number, (pair: { access: string; refresh: string }) => Promise<Reply>][] = [
      [200, (pair) => service.client.post('/auth/token/verify', { token: pair.access })],
      [200, (pair) => service.client.get('/auth/getuser', pair.access)],
      [200, (pair) => service.client.get('/account/sessions', pair.access)],
      [201, (pair) => service.client.post('/user/login/refresh', { refresh_token: pair.refresh })],
      [409, () => service.client.post('/auth/register', { username, password: PASSWORD })],
      [200, (pair) => service.client.post('/auth/token/refresh', { refresh: pair.refresh })],
      [204, (pair) => service.client.delete('/user/login', { access_token: pair.access, refresh_token: pair.refresh })],
    ];
    let answered = 0;
    const burst = await whileStopped(async () => {
      const burst = kinds.map(async ({ path, body, isNew }) => {
        const reply = await service.client.post(path, body(isNew ? newName() : username));
        answered += 1;
        return reply.status;
      });
      await until(() => underWay() === PLACES && waiting() === kinds.length - PLACES);
      for (const [status, call] of others) expect((await call({ access, refresh })).status).toBe(status);
      expect([answered, underWay(), waiting()]).toEqual([0, PLACES, kinds.length - PLACES]);
      // Within an object, since a promise would be awaited while the process is stopped.
      return { answers: Promise.all(burst) };
    });
    expect(await burst.answers).toEqual(kinds.map(({ success }) => success));
  });

  it.each(kinds)('gets no task of a client that has disconnected, at $path', async ({ path, body, isNew }) => {
    const run = vi.spyOn(service.app.get(HashProcess), 'run');
    const before = await names();
    const { first } = await whileStopped(async () => {
      const first = fill(username);
      await until(() => underWay() === PLACES);
      const disconnect = new AbortController();
      const gone = Array.from({ length: 5 }, () =>
        fetch(service.url + path, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body(isNew ? newName() : username)),
          signal: disconnect.signal,
        }),
      );
      await until(() => waiting() === gone.length);
      disconnect.abort();
      for (const result of await Promise.allSettled(gone)) expect(result.status).toBe('rejected');
      await until(() => waiting() === 0);
      return { first };
    });
    expect(await first).toEqual([200, 200]);
    expect((await login(username)).status).toBe(200);
    expect(run).toHaveBeenCalledTimes(PLACES + 1);
    expect(await names()).toEqual(before);
    await until(async () => (await orphanedSessions()).length === 0);
  });

  it.each([
    ['during a login', 1],
    ['twice during a login', 2],
  ])('is replaced when it is killed %s', async (_, times) => {
    const logins = kinds.map(({ path, body, isNew }) => () => {
      return service.client.post(path, body(isNew ? newName() : username));
    });
    const killed = new Set<number>();
    const { answers } = await whileStopped(async () => {
      const answers = Promise.all(logins.map((call) => call()));
      await until(() => underWay() === PLACES && waiting() === logins.length - PLACES);
      for (let i = 0; i < times; i++) {
        const pid = signal('SIGKILL');
        killed.add(pid);
        // The new process is stopped before it can hash anything.
        await until(() => isReplaced(pid));
        if (i < times - 1) signal('SIGSTOP');
      }
      return { answers };
    });
    expect((await answers).map(({ status }) => status)).toEqual(kinds.map(({ success }) => success));
    expect(killed.size).toBe(times);
    expect((await login(username)).status).toBe(200);
    const wrong = await service.client.post('/auth/token', { username, password: `${PASSWORD}!` });
    expect(wrong.status).toBe(401);
    expect(service.log.filter(({ event }) => event === 'hash_process_ended').length).toBeGreaterThanOrEqual(times);
  });

  it('is replaced when it is killed while it is idle', async () => {
    const pid = signal('SIGKILL');
    await until(() => pidOf() !== pid);
    expect((await login(username)).status).toBe(200);
  });

  it('is replaced after several failed attempts to start it', async () => {
    const node = process.execPath;
    const failures = () => service.log.filter(({ event }) => event === 'hash_process_failed').length;
    const before = failures();
    process.execPath = '/nowhere/node';
    try {
      signal('SIGKILL');
      await until(() => failures() >= before + 2);
    } finally {
      process.execPath = node;
    }
    expect((await login(username)).status).toBe(200);
  });

  // Only Linux has /proc.
  it.runIf(canSeeProcesses)('has a low priority in all of its threads', async () => {
    const pid = pidOf();
    expect((await login(username)).status).toBe(200);
    const threads = readdirSync(`/proc/${pid}/task`).map(Number);
    expect(threads.length).toBeGreaterThan(1);
    expect(threads.map((id) => getPriority(id))).toEqual(threads.map(() => 15));
    expect(getPriority(process.pid)).toBeLessThan(15);
  });

  // Only Linux has /proc, and taskset is a package of its own.
  it.runIf(canSeeProcesses && existsSync(TASKSET))('keeps a share of a core that another process fills', async () => {
    const costly = await startService({ env: { ARGON2_MEMORY_KIB: '19456', ARGON2_TIME_COST: '2' } });
    const pid = pidOf(costly);
    const account = await register(costly.client);
    execFileSync(TASKSET, ['-apc', '0', String(pid)]);
    const best = async () => {
      const times: number[] = [];
      for (let i = 0; i < 3; i++) {
        const start = performance.now();
        const { username, password } = account;
        expect((await costly.client.post('/auth/token', { username, password })).status).toBe(200);
        times.push(performance.now() - start);
      }
      return Math.min(...times);
    };
    const alone = await best();
    const spinning = spawn(TASKSET, ['-c', '0', process.execPath, '-e', 'console.log(); for (;;);'], { stdio: 'pipe' });
    try {
      await once(spinning.stdout, 'data');
      // A thirtieth of the core takes thirty times as long; the idle class took 300 times as long.
      expect((await best()) / alone).toBeLessThan(120);
    } finally {
      spinning.kill('SIGKILL');
      await costly.stop();
    }
  });

  it('logs once which library it uses', async () => {
    const engine = process.env['HASH_ENGINE'] === 'argon2' ? 'argon2' : '@node-rs/argon2';
    const pid = signal('SIGKILL');
    await until(() => isReplaced(pid));
    expect((await login(username)).status).toBe(200);
    const lines = service.log.filter(({ event }) => event === 'hash_engine');
    expect(lines).toEqual([expect.objectContaining({ level: 'info', engine })]);
  });

  // Only Linux has /proc.
  it.runIf(canSeeProcesses)('has no passwords or secrets in its command line and environment', async () => {
    const pid = pidOf();
    const { answer, texts } = await whileStopped(async () => {
      const answer = login(username);
      await until(() => underWay() === 1);
      return { answer, texts: ['cmdline', 'environ'].map((file) => readFileSync(`/proc/${pid}/${file}`, 'utf8')) };
    });
    expect((await answer).status).toBe(200);
    for (const text of texts) {
      expect(text).not.toContain(PASSWORD);
      for (const secret of Object.values(service.store.env)) expect(text).not.toContain(secret);
    }
    expect(texts[1]).toContain('UV_THREADPOOL_SIZE=1');
  });

  it('does not count its start as the duration of a hash', async () => {
    const fresh = await startService({ env: { HASH_CONCURRENCY: '1' } });
    const queue = fresh.app.get(HashQueue);
    // The service first makes the hash for unknown names.
    await until(() => underWay(fresh) === 0);
    expect(queue.stats.durationMs).toBe(0);
    await register(fresh.client);
    expect(queue.stats.durationMs).toBeGreaterThan(0);
    await fresh.stop();
  });

  // Only Linux has /proc.
  it.runIf(canSeeProcesses)('ends with the service', async () => {
    const short = await startService();
    const pid = pidOf(short)!;
    await short.stop();
    await until(() => !isAlive(pid));
  });

  // Only Linux has /proc.
  it.runIf(canSeeProcesses)('ends when the service is killed', async () => {
    const store = await newStore();
    const killed = new ServiceProcess(store.env);
    await killed.ready();
    const children = childrenOf(killed.pid);
    expect(children).toHaveLength(1);
    killed.kill('SIGKILL');
    await killed.exited;
    await until(() => !children.some(isAlive));
    await store.dispose();
  });
});
