import { randomBytes } from 'node:crypto';
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { CONFIG, type Config } from '../platform/config/config.js';
import { RefusalPause } from '../limits/refusal-pause.js';
import { costOf } from './worker/hash-cost.js';
import { HashQueue } from './worker/hash-queue.js';
import type { Cost } from './worker/hash-task.js';
import { normalizePassword } from './password-policy.js';

/** argon2id (RFC 9106) at the configured cost. Throws what {@link HashQueue} throws, at once where it does. */
@Injectable()
export class PasswordHasher implements OnModuleInit {
  private readonly cost: Cost;
  /** A hash of no account. */
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
    // One that fails is made again for the guess that needs it.
    this.decoyHash().catch(() => undefined);
  }

  /**
   * Refuses what {@link HashQueue.admit} refuses, and not at once: clients that come again as soon as they have their 503 would take the
   * processor that the hashes of the others need.
   */
  async admit(hungUp?: AbortSignal): Promise<void> {
    try {
      this.queue.admit();
    } catch (error) {
      await this.pause.wait(hungUp);
      throw error;
    }
  }

  /** @returns the hash in the PHC string format, with its salt and cost */
  hash(password: string, hungUp?: AbortSignal): Promise<string> {
    const task = { kind: 'hash', password: normalizePassword(password), cost: this.cost } as const;
    return this.queue.run(task, hungUp) as Promise<string>;
  }

  /**
   * Whether a password is the one of a hash. No hash, one that cannot be read and one of a lower cost take as much work
   * as one of the present cost, so that time tells nothing of an account.
   */
  async verify(known: string | undefined, password: string, hungUp?: AbortSignal): Promise<boolean> {
    const hash = known ?? (await this.decoyHash());
    const task = { kind: 'verify', password: normalizePassword(password), hash, cost: this.cost } as const;
    return (await this.queue.run(task, hungUp)) === true && known !== undefined;
  }

  /** Whether a hash is cheaper to guess against than one made now. */
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
