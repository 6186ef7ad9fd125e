import { describe, expect, it, vi } from 'vitest';
import { loadConfig } from '../../config/config.js';
import { PasswordHasher } from './password-hasher.js';

const load = vi.hoisted(() => ({ now: 0, most: 0, calls: 0 }));

// The real argon2, counted.
vi.mock('argon2', async (original) => {
  const argon2 = await original<typeof import('argon2')>();
  const counted =
    <Args extends unknown[], Result>(work: (...args: Args) => Promise<Result>) =>
    async (...args: Args) => {
      load.calls++;
      load.most = Math.max(load.most, ++load.now);
      return work(...args).finally(() => load.now--);
    };
  return { ...argon2, hash: counted(argon2.hash as never), verify: counted(argon2.verify as never) };
});

const hasherOf = (env: Record<string, string> = {}) =>
  new PasswordHasher(
    loadConfig({
      AUTH_SECRET: 'hB7wq2Zr9Xk4Vt1Yc6Lm3Nd8Pf5Gs0Ja',
      ARGON2_MEMORY_KIB: '1024',
      ARGON2_TIME_COST: '1',
      ...env,
    }),
  );

describe('PasswordHasher', () => {
  it('knows the password again, and no other', async () => {
    const hasher = hasherOf();
    const hash = await hasher.hash('a password');
    expect(hash).not.toBe(await hasher.hash('a password'));
    expect(await hasher.verify(hash, 'a password')).toBe(true);
    expect(await hasher.verify(hash, 'a passwore')).toBe(false);
  });

  it('works for nobody as for somebody, and finds nothing', async () => {
    const hasher = hasherOf();
    await hasher.onModuleInit();
    load.calls = 0;
    expect(await hasher.verify(undefined, 'a password')).toBe(false);
    expect(load.calls).toBe(1);
  });

  it.each([1, 2, 3])('hashes %i at a time at most', async (most) => {
    const hasher = hasherOf({ HASH_CONCURRENCY: String(most) });
    const hash = await hasher.hash('a password');
    load.most = 0;
    const work = Array.from({ length: 12 }, (_, i) =>
      i % 2 ? hasher.hash('a password') : hasher.verify(hash, 'a password'),
    );
    await Promise.all(work);
    expect(load.most).toBe(most);
  });

  it('tells hashes that are cheaper than the present cost', async () => {
    const hash = await hasherOf().hash('a password');
    expect(hasherOf().isOutdated(hash)).toBe(false);
    expect(hasherOf({ ARGON2_MEMORY_KIB: '2048' }).isOutdated(hash)).toBe(true);
    expect(hasherOf({ ARGON2_TIME_COST: '2' }).isOutdated(hash)).toBe(true);
    expect(hasherOf().isOutdated(await hasherOf({ ARGON2_MEMORY_KIB: '2048', ARGON2_TIME_COST: '2' }).hash('x'))).toBe(
      false,
    );
  });
});
