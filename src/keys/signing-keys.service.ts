import { Inject, Injectable, Logger } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { IsNull, type Repository } from 'typeorm';
import { Clock } from '../platform/clock/clock.js';
import { CONFIG, type Config } from '../platform/config/config.js';
import { ConfigError } from '../platform/config/config.error.js';
import { retrying } from '../platform/database/retrying.js';
import { isUniqueViolation } from '../platform/database/store-errors.js';
import { SecurityEventsService } from '../events/security-events.service.js';
import { type KeyPair, NEW_KEY_PAIR, sealed, unsealed } from './key-pair.js';
import { KeySchedule, RELOAD_AFTER } from './key-schedule.js';
import { KeySeal } from './key-seal.js';
import { SigningKey } from './signing-key.entity.js';

/** A key with its place in the schedule. */
export type ScheduledKey = KeyPair & Pick<SigningKey, 'generation' | 'createdAt' | 'activeFrom' | 'retiredAt'>;

/**
 * Seconds between two reads because of an unknown key id, so that made-up ids do not cost a read
 * each.
 */
const UNKNOWN_KEY_PAUSE = 5;

/**
 * The keys that sign access tokens. They are in the database, which all replicas share, and in
 * memory for a minute.
 */
@Injectable()
export class SigningKeysService {
  private readonly logger = new Logger(SigningKeysService.name);
  private readonly seals: readonly KeySeal[];
  private readonly schedule: KeySchedule;
  private keys: readonly ScheduledKey[] = [];
  private loadedAt = Number.NEGATIVE_INFINITY;
  private loading: Promise<void> | undefined;

  constructor(
    @InjectRepository(SigningKey) private readonly rows: Repository<SigningKey>,
    @Inject(CONFIG) { AUTH_SECRET, AUTH_SECRET_PREVIOUS, KEY_ROTATION_DAYS }: Config,
    private readonly clock: Clock,
    private readonly events: SecurityEventsService,
    @Inject(NEW_KEY_PAIR) private readonly newKeyPair: () => KeyPair,
  ) {
    const secrets = [AUTH_SECRET, ...(AUTH_SECRET_PREVIOUS ? [AUTH_SECRET_PREVIOUS] : [])];
    this.seals = secrets.map((secret) => new KeySeal(secret));
    this.schedule = new KeySchedule(KEY_ROTATION_DAYS);
  }

  /**
   * Reads the keys from the database, and makes the next one when it is time.
   * @throws ConfigError when the keys were sealed with another `AUTH_SECRET`
   */
  load(): Promise<void> {
    return (this.loading ??= this.read().finally(() => (this.loading = undefined)));
  }

  /** Returns the key that signs now. */
  async findSigning(): Promise<KeyPair> {
    await this.loadIfOlderThan(RELOAD_AFTER);
    const key = this.schedule.signing(this.keys, this.clock.now());
    if (!key) throw new Error('there is no signing key');
    return key;
  }

  /** Returns the keys that verify tokens now, newest first: those of the JWKS. */
  async listVerifying(): Promise<readonly KeyPair[]> {
    await this.loadIfOlderThan(RELOAD_AFTER);
    return this.schedule.verifying(this.keys, this.clock.now());
  }

  /**
   * Finds a key by its id, also one whose tokens have all expired.
   * @param options `retired`: whether to return a retired key too
   */
  async find(kid: string, { retired = false } = {}): Promise<KeyPair | undefined> {
    await this.loadIfOlderThan(this.withId(kid) ? RELOAD_AFTER : UNKNOWN_KEY_PAUSE);
    const key = this.withId(kid);
    return key && (retired || key.retiredAt === null) ? key : undefined;
  }

  /** Returns all keys, including retired keys, newest first. */
  async listAll(): Promise<readonly ScheduledKey[]> {
    await this.load();
    return this.keys;
  }

  /** Makes the next key now. It signs as soon as it is known everywhere. */
  async rotate(): Promise<void> {
    await this.load();
    await this.create((this.keys[0]?.generation ?? 0) + 1, this.schedule.soonest(this.clock.now()));
    await this.load();
  }

  /**
   * Retires a key at once, with every token that it signed. If it was the newest, a new key signs
   * at once.
   * @returns whether there was such a key
   */
  async retire(kid: string): Promise<boolean> {
    const { affected } = await this.rows.update({ kid, retiredAt: IsNull() }, { retiredAt: this.clock.now() });
    await this.load();
    if (affected === 1) this.events.record({ event: 'key_rotation', outcome: 'success', reason: 'retired' });
    return affected === 1;
  }

  private withId(kid: string): ScheduledKey | undefined {
    return this.keys.find((key) => key.kid === kid);
  }

  private async loadIfOlderThan(seconds: number): Promise<void> {
    const now = this.clock.now();
    if (Math.abs(now - this.loadedAt) < seconds * 1000) return;
    try {
      await this.load();
    } catch (error) {
      if (this.keys.length === 0) throw error;
      // The keys in memory stay in use. The next read is due as after a success, so that a failing
      // database is not asked at each request.
      this.loadedAt = now;
      this.logger.warn({ event: 'signing_keys_not_read', err: error });
    }
  }

  private async read(): Promise<void> {
    const now = this.clock.now();
    let rows = await this.findAll();
    const activeFrom = this.schedule.nextActiveFrom(rows, now);
    if (activeFrom !== undefined) {
      await this.create((rows[0]?.generation ?? 0) + 1, activeFrom);
      rows = await this.findAll();
    }
    this.keys = await Promise.all(rows.map((row) => this.open(row)));
    this.loadedAt = now;
  }

  private findAll(): Promise<SigningKey[]> {
    return this.rows.find({ order: { generation: 'DESC' } });
  }

  /**
   * Makes a key. If several replicas make the same generation, the primary key lets one succeed,
   * and all use its key.
   */
  private async create(generation: number, activeFrom: number): Promise<void> {
    const row = {
      generation,
      ...sealed(this.newKeyPair(), this.seal),
      createdAt: this.clock.now(),
      activeFrom,
      retiredAt: null,
    };
    try {
      await retrying(() => this.rows.insert(row));
      this.events.record({ event: 'key_rotation', outcome: 'success', reason: 'made' });
    } catch (error) {
      if (!isUniqueViolation(error)) throw error;
    }
  }

  private async open(row: SigningKey): Promise<ScheduledKey> {
    const { generation, createdAt, activeFrom, retiredAt } = row;
    const known = this.withId(row.kid);
    for (const seal of this.seals) {
      const pair = unsealed(row, seal);
      if (!pair) continue;
      if (seal !== this.seal) await this.sealAgain(row, pair);
      return { ...pair, generation, createdAt, activeFrom, retiredAt };
    }
    // A replica with a newer secret has sealed the key again, while this one still has the old
    // secret.
    if (known) return { ...known, activeFrom, retiredAt };
    throw new ConfigError('AUTH_SECRET: is not the one that the signing keys in this database were sealed with');
  }

  /**
   * Seals a key of the previous secret with the present one, so that the previous secret can be
   * dropped.
   */
  private async sealAgain({ generation, privateKey }: SigningKey, pair: KeyPair): Promise<void> {
    await this.rows.update({ generation, privateKey }, { privateKey: sealed(pair, this.seal).privateKey });
  }

  private get seal(): KeySeal {
    const [present] = this.seals;
    if (!present) throw new Error('there is no secret');
    return present;
  }
}
