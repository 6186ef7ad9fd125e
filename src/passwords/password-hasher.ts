import { randomBytes } from 'node:crypto';
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { CONFIG, type Config } from '../platform/config/config.js';
import { RefusalPause } from '../limits/refusal-pause.js';
import { costOf } from './worker/hash-cost.js';
import { HashQueue } from './worker/hash-queue.js';
import type { Cost } from './worker/hash-task.js';
import { normalizePassword } from './password-policy.js';

/**
 * Hashes and verifies passwords by argon2id (RFC 9106) at the configured cost. Throws what
 * {@link HashQueue} throws.
 */
@Injectable()
export class PasswordHasher implements OnModuleInit {
  private readonly cost: Cost;
  /** A hash that no account has. */
  private decoy: Promise<string> | undefined;

  constructor(
    private readonly queue: HashQueue,
    private readonly pause: RefusalPause,
    @Inject(CONFIG) config: Config,
  ) {
    this.cost = {
      memoryCost: config.ARGON2_MEMORY_KIB,
      timeCost: config.ARGON2_TIME_COST,
      parallelism: config.ARGON2_PARALLELISM,
    };
  }

  onModuleInit(): void {
    // After a failure, the first guess that needs the decoy makes it.
    this.decoyHash().catch(() => undefined);
  }

  /**
   * Refuses what {@link HashQueue.admit} refuses, after a pause. Without it, clients that retry at
   * once would take the processor time that the hashes of other clients need.
   */
  async admit(disconnected?: AbortSignal): Promise<void> {
    try {
      this.queue.admit();
    } catch (error) {
      await this.pause.wait(disconnected);
      throw error;
    }
  }

  /** Hashes a password. @returns the hash in the PHC string format, with its salt and cost */
  hash(password: string, disconnected?: AbortSignal): Promise<string> {
    const task = { kind: 'hash', password: normalizePassword(password), cost: this.cost } as const;
    return this.queue.run(task, disconnected) as Promise<string>;
  }

  /**
   * Tells whether a hash is the hash of a password. A missing, unreadable or cheaper hash takes as
   * much work as a hash of the present cost. So the time reveals nothing about an account.
   */
  async verify(known: string | undefined, password: string, disconnected?: AbortSignal): Promise<boolean> {
    const hash = known ?? (await this.decoyHash());
    const task = { kind: 'verify', password: normalizePassword(password), hash, cost: this.cost } as const;
    return (await this.queue.run(task, disconnected)) === true && known !== undefined;
  }

  /** Tells whether a hash is cheaper to guess against than a hash made now. */
  isOutdated(hash: string): boolean {
    const { memoryCost, timeCost } = costOf(hash);
    return memoryCost < this.cost.memoryCost || timeCost < this.cost.timeCost;
  }

  private async decoyHash(): Promise<string> {
    this.decoy ??= this.hash(randomBytes(16).toString('hex'));
    try {
      return await this.decoy;
    } catch (error) {
      this.decoy = undefined;
      throw error;
    }
  }
}
