// The one place that knows which library computes argon2.
import reference from 'argon2';
import type { Cost } from './hash-task.js';

/** `auto`: the faster library if its binary loads. `argon2`: the reference library. */
export type EngineChoice = 'auto' | 'argon2';

/**
 * A library that computes argon2id, and verifies hashes in the PHC string format of every variant
 * that it reads.
 */
export interface Argon2Engine {
  readonly name: '@node-rs/argon2' | 'argon2';
  readonly hash: (password: string, cost: Cost) => Promise<string>;
  /** Rejects for a text that is not an argon2 hash. */
  readonly verify: (hash: string, password: string) => Promise<boolean>;
}

/** The C reference implementation, compiled for any processor of its kind (SSE2 on x86-64). */
const argon2: Argon2Engine = {
  name: 'argon2',
  hash: (password, cost) => reference.hash(password, { ...cost, type: reference.argon2id }),
  verify: (hash, password) => reference.verify(hash, password),
};

/**
 * Loads the library to hash with. `@node-rs/argon2` finds AVX2 at run time and takes half as long
 * as the prebuilt binary of `argon2`. It has no binary for every platform, so `argon2` stays as the
 * fallback.
 */
export async function loadEngine(choice: EngineChoice): Promise<Argon2Engine> {
  if (choice === 'argon2') return argon2;
  try {
    return fast(await import('@node-rs/argon2'));
  } catch {
    return argon2;
  }
}

function fast(native: typeof import('@node-rs/argon2')): Argon2Engine {
  return {
    name: '@node-rs/argon2',
    // Its default is argon2id, version 19.
    hash: (password, cost) => native.hash(password, cost),
    verify: async (hash, password) => {
      try {
        return await native.verify(hash, password);
      } catch {
        // It rejects hashes that it cannot read, old forms among them.
        return argon2.verify(hash, password);
      }
    },
  };
}
