import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import argon2 from 'argon2';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Argon2Engine, loadEngine } from './argon2-engine.js';

const PROGRAM = fileURLToPath(new URL('../../../dist/src/passwords/worker/hash-worker.js', import.meta.url));

const password = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 80 }),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 512 }),
);
const cost = fc
  .record({
    parallelism: fc.integer({ min: 1, max: 8 }),
    timeCost: fc.integer({ min: 1, max: 4 }),
    memoryCost: fc.integer({ min: 64, max: 2048 }),
  })
  // The bounds of the configuration: see ARGON2_… in the schema.
  .map((random) => ({ ...random, memoryCost: Math.max(random.memoryCost, 8 * random.parallelism) }));

let fast: Argon2Engine;
let reference: Argon2Engine;
beforeAll(async () => {
  fast = await loadEngine('auto');
  reference = await loadEngine('argon2');
});

describe('loadEngine', () => {
  it('prefers the faster library, and loads the other if configured', () => {
    expect([fast.name, reference.name]).toEqual(['@node-rs/argon2', 'argon2']);
  });

  it.each([
    ['auto', {}, '@node-rs/argon2'],
    ['argon2', {}, 'argon2'],
    ['auto', { NAPI_RS_NATIVE_LIBRARY_PATH: '/nowhere/argon2.node' }, 'argon2'],
  ])('loads, for the choice %s under %j, the library %s in the process that hashes', async (choice, env, engine) => {
    const child = fork(PROGRAM, [choice], { env, execArgv: [] });
    try {
      const [hello] = (await once(child, 'message')) as [object];
      expect(hello).toEqual({ engine });
      const task = { kind: 'hash', password: 'a password', cost: { memoryCost: 64, timeCost: 1, parallelism: 1 } };
      child.send({ ...task, id: 7 });
      const [reply] = (await once(child, 'message')) as [{ id: number; result: string }];
      expect(reply.id).toBe(7);
      expect(await argon2.verify(reply.result, 'a password')).toBe(true);
    } finally {
      child.disconnect();
    }
  });
});

describe('Each library', () => {
  it('verifies hashes of the other library, at every cost', async () => {
    await fc.assert(
      fc.asyncProperty(password, cost, async (text, parameters) => {
        for (const [maker, checker] of [
          [fast, reference],
          [reference, fast],
        ] as const) {
          const hash = await maker.hash(text, parameters);
          expect(hash).toMatch(/^\$argon2id\$v=19\$/);
          expect(hash).toContain(`m=${parameters.memoryCost}`);
          expect(hash).toContain(`t=${parameters.timeCost}`);
          expect(hash).toContain(`p=${parameters.parallelism}`);
          expect(await checker.verify(hash, text)).toBe(true);
          expect(await checker.verify(hash, `${text}.`)).toBe(false);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('reads hashes of every variant, version, salt and length, with and without the version', async () => {
    const form = fc.record({
      type: fc.constantFrom(argon2.argon2d, argon2.argon2i, argon2.argon2id),
      version: fc.constantFrom(0x10, 0x13),
      salt: fc.uint8Array({ minLength: 8, maxLength: 48 }).map((bytes) => Buffer.from(bytes)),
      hashLength: fc.integer({ min: 4, max: 64 }),
    });
    await fc.assert(
      fc.asyncProperty(password, cost, form, async (text, parameters, options) => {
        const made = await argon2.hash(text, { ...parameters, ...options });
        // Before version 0x13 the field did not exist.
        const hashes = options.version === 0x10 ? [made, made.replace('$v=16', '')] : [made];
        for (const hash of hashes)
          for (const engine of [fast, reference]) {
            expect(await engine.verify(hash, text), `${engine.name} ${hash}`).toBe(true);
            expect(await engine.verify(hash, `${text}.`), `${engine.name} ${hash}`).toBe(false);
          }
      }),
      { numRuns: 40 },
    );
  });

  it.each(['', '!', '!unusable', '$argon2id$', '$2b$10$abcdefghijklmnopqrstuv', 'pbkdf2_sha256$1$c2FsdA$aGFzaA'])(
    'finds no password for %j',
    async (hash) => {
      for (const engine of [fast, reference])
        expect(await engine.verify(hash, '').catch(() => false), engine.name).toBe(false);
    },
  );
});
