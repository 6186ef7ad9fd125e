import { LRUCache } from 'lru-cache';
import { type Argon2Engine, loadEngine } from '../../../../src/passwords/worker/argon2-engine.js';
import type { HashProcess } from '../../../../src/passwords/worker/hash-process.js';
import type { HashResult, HashTask } from '../../../../src/passwords/worker/hash-task.js';

/** Passwords whose hash is remembered, and pairs of a password and a hash that were compared. */
const REMEMBERED = 10_000;

/**
 * Hashes in this process, and makes one hash for each distinct password. All accounts with the same
 * password share its hash and its salt, since no attacker is after the store of a test.
 */
export class InProcessHashes implements Pick<HashProcess, 'isUp' | 'stats' | 'run'> {
  readonly isUp = true;
  readonly stats = { pid: process.pid, tasks: 0 };
  private readonly hashes = new LRUCache<string, Promise<HashResult>>({ max: REMEMBERED });
  private readonly verdicts = new LRUCache<string, Promise<HashResult>>({ max: REMEMBERED });
  private engine: Promise<Argon2Engine> | undefined;

  run(task: HashTask): Promise<HashResult> {
    const { password } = task;
    return task.kind === 'hash'
      ? remembered(this.hashes, password, async () => (await this.load()).hash(password, task.cost))
      : remembered(this.verdicts, `${task.hash} ${password}`, () => this.matches(task.hash, password));
  }

  private async matches(hash: string, password: string): Promise<boolean> {
    if ((await this.hashes.get(password)) === hash) return true;
    // It rejects a text that is not an argon2 hash.
    return (await this.load()).verify(hash, password).catch(() => false);
  }

  private load(): Promise<Argon2Engine> {
    return (this.engine ??= loadEngine('auto'));
  }
}

function remembered(
  cache: LRUCache<string, Promise<HashResult>>,
  key: string,
  work: () => Promise<HashResult>,
): Promise<HashResult> {
  const known = cache.get(key) ?? work();
  cache.set(key, known);
  return known;
}
