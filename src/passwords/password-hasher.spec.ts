import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../platform/config/config.js';
import { RefusalPause } from '../limits/refusal-pause.js';
import { HashProcess } from './worker/hash-process.js';
import { HashQueue } from './worker/hash-queue.js';
import { PasswordHasher } from './password-hasher.js';

const PROGRAM = fileURLToPath(new URL('../../dist/src/passwords/worker/hash-worker.js', import.meta.url));

/** The real process, counted. */
class CountedProcess extends HashProcess {
  now = 0;
  most = 0;
  calls = 0;

  get environment(): string[] {
    const { child } = this as unknown as { child: { pid: number } };
    return readFileSync(`/proc/${child.pid}/environ`, 'utf8').split('\0');
  }

  /** Processor time of all of its threads, in nanoseconds. */
  get cpuNs(): number {
    const { child } = this as unknown as { child: { pid: number } };
    const tasks = `/proc/${child.pid}/task`;
    const timeOf = (task: string) => Number(readFileSync(`${tasks}/${task}/schedstat`, 'utf8').split(' ')[0]);
    return readdirSync(tasks).reduce((sum, task) => sum + timeOf(task), 0);
  }

  override async run(...args: Parameters<HashProcess['run']>) {
    this.calls++;
    this.most = Math.max(this.most, ++this.now);
    return super.run(...args).finally(() => this.now--);
  }
}

const processes: CountedProcess[] = [];
afterAll(() => {
  for (const process of processes) process.onApplicationShutdown();
});

function hasherOf(env: Record<string, string> = {}) {
  const config = loadConfig({
    AUTH_SECRET: 'hB7wq2Zr9Xk4Vt1Yc6Lm3Nd8Pf5Gs0Ja',
    ARGON2_MEMORY_KIB: '1024',
    ARGON2_TIME_COST: '1',
    HASH_ENGINE: process.env['HASH_ENGINE'] ?? 'auto',
    ...env,
  });
  const hashes = new CountedProcess(config, PROGRAM);
  hashes.onModuleInit();
  processes.push(hashes);
  const hasher = new PasswordHasher(new HashQueue(hashes, config), new RefusalPause(), config);
  return { hasher, process: hashes };
}

describe('PasswordHasher', () => {
  it('accepts the password of a hash, and no other', async () => {
    const { hasher } = hasherOf();
    const hash = await hasher.hash('a password');
    expect(hash).toMatch(/^\$argon2id\$/);
    expect(hash).not.toBe(await hasher.hash('a password'));
    expect(await hasher.verify(hash, 'a password')).toBe(true);
    expect(await hasher.verify(hash, 'a passwore')).toBe(false);
    expect(await hasher.verify('!', 'a password')).toBe(false);
  });

  it('works as much for a missing hash as for a real one, and accepts nothing', async () => {
    const { hasher, process } = hasherOf();
    hasher.onModuleInit();
    await hasher.hash('another password');
    process.calls = 0;
    expect(await hasher.verify(undefined, 'a password')).toBe(false);
    expect(process.calls).toBe(1);
  });

  // Only Linux tells the processor time of the hash process.
  it.runIf(existsSync('/proc/self/schedstat'))(
    'works as much for a right password as for a wrong one, where the hash is cheaper than the present cost',
    async () => {
      const cheap = await hasherOf().hasher.hash('a password');
      const { hasher, process } = hasherOf({ ARGON2_MEMORY_KIB: '8192', ARGON2_TIME_COST: '4' });
      const workOf = async (password: string, isRight: boolean) => {
        const before = process.cpuNs;
        for (let i = 0; i < 5; i++) expect(await hasher.verify(cheap, password)).toBe(isRight);
        return process.cpuNs - before;
      };
      await workOf('a password', true);
      const wrong = await workOf('a passwore', false);
      // Without the second hash, a right password would take a thirtieth of that.
      expect(await workOf('a password', true)).toBeGreaterThan(wrong / 2);
    },
  );

  it.each([1, 2, 3])('hashes %i at a time, and hands over as many more', async (threads) => {
    const { hasher, process } = hasherOf({ HASH_CONCURRENCY: String(threads) });
    const hash = await hasher.hash('a password');
    process.most = 0;
    const work = Array.from({ length: 12 }, (_, i) =>
      i % 2 ? hasher.hash('a password') : hasher.verify(hash, 'a password'),
    );
    await Promise.all(work);
    expect(process.most).toBe(2 * threads);
    // The thread pool of the other process bounds the hashes themselves.
    if (existsSync('/proc')) expect(process.environment).toContain(`UV_THREADPOOL_SIZE=${threads}`);
  });

  it('recognizes hashes that are cheaper than the present cost', async () => {
    const { hasher } = hasherOf();
    const hash = await hasher.hash('a password');
    expect(hasher.isOutdated(hash)).toBe(false);
    expect(hasherOf({ ARGON2_MEMORY_KIB: '2048' }).hasher.isOutdated(hash)).toBe(true);
    expect(hasherOf({ ARGON2_TIME_COST: '2' }).hasher.isOutdated(hash)).toBe(true);
    const dearer = hasherOf({ ARGON2_MEMORY_KIB: '2048', ARGON2_TIME_COST: '2' }).hasher;
    expect(hasher.isOutdated(await dearer.hash('x'))).toBe(false);
  });
});
