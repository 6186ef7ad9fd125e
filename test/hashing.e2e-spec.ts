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

/** Of which a few fill a second on any machine. */
const DEAR = { HASH_CONCURRENCY: '1', ARGON2_MEMORY_KIB: '65536', ARGON2_TIME_COST: '4' };

/** Binds a process to one core. */
const TASKSET = '/usr/bin/taskset';

const BUSY = 'service unavailable, try again later';
const BUSY_AT_A = { detail: BUSY };
const BUSY_AT_B = { status: 'SERVICE UNAVAILABLE', reason: BUSY };

let service: Service;

/** What needs a hash; `name` is the account's, which a registration makes. */
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
/** Tasks that one thread has at hand. */
const PLACES = 2;
/** Takes them all. */
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

/** Keeps every hash that is under way from ending, for as long as `work` takes. */
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
const sessionsOfNobody = () =>
  service.dataSource.query<object[]>('SELECT id FROM sessions WHERE user_id NOT IN (SELECT id FROM users)');

describe('while more passwords come than can be hashed in HASH_TIMEOUT', () => {
  let username: string;
  beforeAll(async () => {
    service = await startService({ env: { ...DEAR, HASH_TIMEOUT: '1' } });
    // The first hash is the service's own, and waits for the process to come up.
    await until(() => underWay() === 0);
    ({ username } = await register(service.client));
  });
  afterAll(() => service.stop());

  const expectBusy = (reply: Reply, busy: object) => {
    expect([reply.status, reply.body]).toEqual([503, busy]);
    expect(reply.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
  };

  it('some are answered, and the others told at once when to come again; nothing is left of those', async () => {
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
    expect(await sessionsOfNobody()).toEqual([]);
    expect((await login(username)).status).toBe(200);
  });

  it.each(kinds)('a $path is refused after having waited for so long, and leaves nothing', async (kind) => {
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
    expect(await sessionsOfNobody()).toEqual([]);
  });
});

describe('the process that hashes', () => {
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

  it('keeps nobody waiting who needs no hash', async () => {
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
      // Within an object, or it would be waited for while nothing goes on.
      return { answers: Promise.all(burst) };
    });
    expect(await burst.answers).toEqual(kinds.map(({ success }) => success));
  });

  it.each(kinds)(
    'drops the tasks of clients that disconnect while they wait, at $path',
    async ({ path, body, isNew }) => {
      const run = vi.spyOn(service.app.get(HashProcess), 'run');
      const before = await names();
      const { first } = await whileStopped(async () => {
        const first = fill(username);
        await until(() => underWay() === PLACES);
        const hangUp = new AbortController();
        const gone = Array.from({ length: 5 }, () =>
          fetch(service.url + path, {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify(body(isNew ? newName() : username)),
            signal: hangUp.signal,
          }),
        );
        await until(() => waiting() === gone.length);
        hangUp.abort();
        for (const result of await Promise.allSettled(gone)) expect(result.status).toBe('rejected');
        await until(() => waiting() === 0);
        return { first };
      });
      expect(await first).toEqual([200, 200]);
      expect((await login(username)).status).toBe(200);
      expect(run).toHaveBeenCalledTimes(PLACES + 1);
      expect(await names()).toEqual(before);
      await until(async () => (await sessionsOfNobody()).length === 0);
    },
  );

  it.each([
    ['in the middle of a login', 1],
    ['in the middle of a login, and again', 2],
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
        // Stopped before it can have hashed anything.
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

  it('is replaced when it is killed while nobody needs it', async () => {
    const pid = signal('SIGKILL');
    await until(() => pidOf() !== pid);
    expect((await login(username)).status).toBe(200);
  });

  it('is started again also if that was not possible for a while', async () => {
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

  it.runIf(canSeeProcesses)('has a low priority, in all of its threads', async () => {
    const pid = pidOf();
    expect((await login(username)).status).toBe(200);
    const threads = readdirSync(`/proc/${pid}/task`).map(Number);
    expect(threads.length).toBeGreaterThan(1);
    expect(threads.map((id) => getPriority(id))).toEqual(threads.map(() => 15));
    expect(getPriority(process.pid)).toBeLessThan(15);
  });

  it.runIf(canSeeProcesses && existsSync(TASKSET))('keeps a share of a core that other work fills', async () => {
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
      // A thirtieth of the core is thirty times as long. In the idle class it was three hundred.
      expect((await best()) / alone).toBeLessThan(120);
    } finally {
      spinning.kill('SIGKILL');
      await costly.stop();
    }
  });

  it('logs once which library it hashes with', async () => {
    const engine = process.env['HASH_ENGINE'] === 'argon2' ? 'argon2' : '@node-rs/argon2';
    const pid = signal('SIGKILL');
    await until(() => isReplaced(pid));
    expect((await login(username)).status).toBe(200);
    const lines = service.log.filter(({ event }) => event === 'hash_engine');
    expect(lines).toEqual([expect.objectContaining({ level: 'info', engine })]);
  });

  it.runIf(canSeeProcesses)('tells nobody passwords or secrets by its command line and environment', async () => {
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

  it('takes a while to come up, which nobody takes for the time of a hash', async () => {
    const fresh = await startService({ env: { HASH_CONCURRENCY: '1' } });
    const queue = fresh.app.get(HashQueue);
    // The first hash is the service's own.
    await until(() => underWay(fresh) === 0);
    expect(queue.stats.durationMs).toBe(0);
    await register(fresh.client);
    expect(queue.stats.durationMs).toBeGreaterThan(0);
    await fresh.stop();
  });

  it.runIf(canSeeProcesses)('ends with the service', async () => {
    const short = await startService();
    const pid = pidOf(short)!;
    await short.stop();
    await until(() => !isAlive(pid));
  });

  it.runIf(canSeeProcesses)('ends with the service when the service is killed', async () => {
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
