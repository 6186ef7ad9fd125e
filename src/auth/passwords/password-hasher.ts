import { randomBytes } from 'node:crypto';
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import * as argon2 from 'argon2';
import pLimit, { type LimitFunction } from 'p-limit';
import { CONFIG, type Config } from '../../config/config.js';
import { normalizePassword } from './password-policy.js';

/** Memory in KiB, passes over it, threads. */
interface Cost {
  readonly memoryCost: number;
  readonly timeCost: number;
  readonly parallelism: number;
}

/** The least memory that argon2 takes for a thread. */
const MIN_LANE_KIB = 8;

/** argon2id (RFC 9106) at the configured cost, `HASH_CONCURRENCY` at a time. */
@Injectable()
export class PasswordHasher implements OnModuleInit {
  private readonly limit: LimitFunction;
  private readonly cost: Cost;
  /** Nobody's hash. */
  private decoy = '';

  constructor(@Inject(CONFIG) config: Config) {
    this.limit = pLimit(config.HASH_CONCURRENCY);
    this.cost = {
      memoryCost: config.ARGON2_MEMORY_KIB,
      timeCost: config.ARGON2_TIME_COST,
      parallelism: config.ARGON2_PARALLELISM,
    };
  }

  async onModuleInit(): Promise<void> {
    this.decoy = await this.hash(randomBytes(16).toString('hex'));
  }

  /** @returns the hash in the PHC string format, with its salt and cost */
  hash(password: string): Promise<string> {
    return this.limit(() => argon2.hash(normalizePassword(password), { ...this.cost, type: argon2.argon2id }));
  }

  /**
   * Whether a password is the one of a hash. No hash, one that cannot be read and one of a lower cost take as much work
   * as one of the present cost, so that time tells nothing of an account.
   */
  async verify(hash: string | undefined, password: string): Promise<boolean> {
    const matches = await this.matches(hash ?? this.decoy, password);
    if (matches && hash !== undefined) return true;
    await this.spend(this.passes(this.cost) - this.passes(costOf(hash ?? this.decoy)));
    return false;
  }

  /** Whether a hash is cheaper to guess against than one made now. */
  isOutdated(hash: string): boolean {
    const { memoryCost, timeCost } = costOf(hash);
    return memoryCost < this.cost.memoryCost || timeCost < this.cost.timeCost;
  }

  private async matches(hash: string, password: string): Promise<boolean> {
    try {
      return await this.limit(() => argon2.verify(hash, normalizePassword(password)));
    } catch {
      // Not one of ours, for instance an unusable one of an account that was taken over from elsewhere.
      return false;
    }
  }

  /** Work in the amount of KiB that a hash passes over. */
  private async spend(passes: number): Promise<void> {
    const { parallelism } = this.cost;
    if (passes < MIN_LANE_KIB * parallelism) return;
    await this.limit(() => argon2.hash('', { memoryCost: passes, timeCost: 1, parallelism, type: argon2.argon2id }));
  }

  private passes({ memoryCost, timeCost }: Pick<Cost, 'memoryCost' | 'timeCost'>): number {
    return memoryCost * timeCost;
  }
}

/** Read by name, since their order in the string is the library's own. Zero for what is no argon2 hash. */
function costOf(hash: string): Pick<Cost, 'memoryCost' | 'timeCost'> {
  const cost = (name: string) => Number(new RegExp(`[$,]${name}=(\\d+)`).exec(hash)?.[1] ?? 0);
  return { memoryCost: cost('m'), timeCost: cost('t') };
}
