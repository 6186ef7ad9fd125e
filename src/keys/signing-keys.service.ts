import { Inject, Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { Clock } from '../clock/clock.js';
import { CONFIG, type Config } from '../config/config.js';
import { ConfigError } from '../config/config.error.js';
import { isUniqueViolation } from '../database/store-errors.js';
import { type KeyPair, newKeyPair, sealed, unsealed } from './key-pair.js';
import { KeySeal } from './key-seal.js';
import { SigningKey } from './signing-key.entity.js';

/** The keys that sign access tokens: kept in the database, so that all replicas share them, and held in memory. */
@Injectable()
export class SigningKeysService {
  private readonly seal: KeySeal;
  private pairs: readonly KeyPair[] = [];

  constructor(
    @InjectRepository(SigningKey) private readonly keys: Repository<SigningKey>,
    @Inject(CONFIG) config: Config,
    private readonly clock: Clock,
  ) {
    this.seal = new KeySeal(config.AUTH_SECRET);
  }

  /**
   * Reads the keys from the database, and makes the first one where there is none.
   * @throws ConfigError when they were sealed with another `AUTH_SECRET`
   */
  async load(): Promise<void> {
    let rows = await this.findAll();
    if (rows.length === 0) {
      await this.create(1);
      rows = await this.findAll();
    }
    this.pairs = rows.map((row) => this.open(row));
  }

  /** The newest key, which signs. */
  get current(): KeyPair {
    const [newest] = this.pairs;
    if (!newest) throw new Error('the signing keys are not loaded');
    return newest;
  }

  /** Newest first. */
  get all(): readonly KeyPair[] {
    return this.pairs;
  }

  find(kid: string): KeyPair | undefined {
    return this.pairs.find((pair) => pair.kid === kid);
  }

  private findAll(): Promise<SigningKey[]> {
    return this.keys.find({ order: { generation: 'DESC' } });
  }

  /** Of several replicas that make the same generation, the primary key lets one through, and all use that one. */
  private async create(generation: number): Promise<void> {
    try {
      await this.keys.insert({ generation, ...sealed(newKeyPair(), this.seal), createdAt: this.clock.now() });
    } catch (error) {
      if (!isUniqueViolation(error)) throw error;
    }
  }

  private open(row: SigningKey): KeyPair {
    try {
      return unsealed(row, this.seal);
    } catch {
      throw new ConfigError('AUTH_SECRET: is not the one that the signing keys in this database were sealed with');
    }
  }
}
