import { randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import * as argon2 from 'argon2';
import pLimit, { type LimitFunction } from 'p-limit';
import { CONFIG, type Config } from '../../config/config.js';
import { normalizePassword } from './password-policy.js';

/** argon2id (RFC 9106) at the configured cost, `HASH_CONCURRENCY` at a time. */
@Injectable()
export class PasswordHasher {
  private readonly limit: LimitFunction;
  private readonly cost: { memoryCost: number; timeCost: number; parallelism: number };
  private decoy: Promise<string> | undefined;

  constructor(@Inject(CONFIG) config: Config) {
    this.limit = pLimit(config.HASH_CONCURRENCY);
    this.cost = {
      memoryCost: config.ARGON2_MEMORY_KIB,
      timeCost: config.ARGON2_TIME_COST,
      parallelism: config.ARGON2_PARALLELISM,
    };
  }

  /** @returns the hash in the PHC string format, with its salt and cost */
  hash(password: string): Promise<string> {
    return this.limit(() => argon2.hash(normalizePassword(password), { ...this.cost, type: argon2.argon2id }));
  }

  /** Takes as long for no hash at all as for one of the present cost, and is false then. */
  async verify(hash: string | undefined, password: string): Promise<boolean> {
    const matches = await this.matches(hash ?? (await this.decoyHash()), password);
    return matches && hash !== undefined;
  }

  /** Whether a hash is cheaper to guess against than one made now. */
  isOutdated(hash: string): boolean {
    // The order of the parameters is the library's own.
    const cost = (name: string) => Number(new RegExp(`[$,]${name}=(\\d+)`).exec(hash)?.[1] ?? 0);
    return cost('m') < this.cost.memoryCost || cost('t') < this.cost.timeCost;
  }

  private matches(hash: string, password: string): Promise<boolean> {
    return this.limit(() => argon2.verify(hash, normalizePassword(password)));
  }

  /** Nobody's hash, made once. */
  private decoyHash(): Promise<string> {
    return (this.decoy ??= this.hash(randomBytes(16).toString('hex')));
  }
}
