import { randomBytes } from 'node:crypto';
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { CONFIG, type Config } from '../../config/config.js';
import { HashQueue } from './hash-queue.js';
import type { Cost } from './hash-task.js';
import { normalizePassword } from './password-policy.js';

/** The least memory that argon2 takes for a thread. */
const MIN_LANE_KIB = 8;

/** argon2id (RFC 9106) at the configured cost. Throws what {@link HashQueue} throws, at once where it does. */
@Injectable()
export class PasswordHasher implements OnModuleInit {
  private readonly cost: Cost;
  /** Nobody's hash. */
  private decoy: Promise<string> = Promise.resolve('');

  constructor(
    private readonly queue: HashQueue,
    @Inject(CONFIG) config: Config,
  ) {
    this.cost = {
      memoryCost: config.ARGON2_MEMORY_KIB,
      timeCost: config.ARGON2_TIME_COST,
      parallelism: config.ARGON2_PARALLELISM,
    };
  }

  onModuleInit(): void {
    this.decoy = this.hash(randomBytes(16).toString('hex'));
    // Should it fail, whoever needs it hears of it.
    this.decoy.catch(() => undefined);
  }

  /** See {@link HashQueue.admit}. */
  admit(): void {
    this.queue.admit();
  }

  /** Whether others wait already. */
  get isBusy(): boolean {
    return this.queue.isBusy;
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
    const hash = known ?? (await this.decoy);
    const topUp = this.topUpOf(hash);
    const task = { kind: 'verify', password: normalizePassword(password), hash, ...(topUp && { topUp }) } as const;
    return (await this.queue.run(task, hungUp)) === true && known !== undefined;
  }

  /** Whether a hash is cheaper to guess against than one made now. */
  isOutdated(hash: string): boolean {
    const { memoryCost, timeCost } = costOf(hash);
    return memoryCost < this.cost.memoryCost || timeCost < this.cost.timeCost;
  }

  /** One pass over as much memory as a hash lacks against one of the present cost. */
  private topUpOf(hash: string): Cost | undefined {
    const { parallelism } = this.cost;
    const memoryCost = workOf(this.cost) - workOf(costOf(hash));
    return memoryCost < MIN_LANE_KIB * parallelism ? undefined : { memoryCost, timeCost: 1, parallelism };
  }
}

/** KiB that a hash passes over. */
function workOf({ memoryCost, timeCost }: Pick<Cost, 'memoryCost' | 'timeCost'>): number {
  return memoryCost * timeCost;
}

const MEMORY_COST = /[$,]m=(\d+)/;
const TIME_COST = /[$,]t=(\d+)/;

/** Read by name, since their order in the string is the library's own. Zero for what is no argon2 hash. */
function costOf(hash: string): Pick<Cost, 'memoryCost' | 'timeCost'> {
  const number = (pattern: RegExp) => Number(pattern.exec(hash)?.[1] ?? 0);
  return { memoryCost: number(MEMORY_COST), timeCost: number(TIME_COST) };
}
