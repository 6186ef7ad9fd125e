import { Inject, Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { LessThan, type Repository } from 'typeorm';
import { Clock } from '../platform/clock/clock.js';
import { DAY_MS } from '../platform/clock/durations.js';
import { CONFIG, type Config } from '../platform/config/config.js';
import { retrying } from '../platform/database/retrying.js';
import { KnownSource } from './known-source.entity.js';
import { RememberedRefusals } from './remembered-refusals.js';

/** The most sources that one statement removes. */
const TRIMMED = 200;

/**
 * The sources that accounts have logged in from within `KNOWN_SOURCE_DAYS`. {@link LoginLookup}
 * reads them.
 */
@Injectable()
export class KnownSourcesService {
  constructor(
    @InjectRepository(KnownSource) private readonly sources: Repository<KnownSource>,
    private readonly refusals: RememberedRefusals,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /**
   * Notes that an account has logged in from a source, at most once a day.
   * @param lastDay the day of its last login from there
   */
  async add(userId: string, source: string, lastDay?: number): Promise<void> {
    if (!this.config.RATE_LIMIT || lastDay === this.today) return;
    const row = { userId, source, lastDay: this.today };
    await retrying(() => this.sources.upsert(row, ['userId', 'source']));
    this.refusals.forget(source);
  }

  /** Removes some of the sources that are no longer known. @returns whether there may be more */
  async trim(): Promise<boolean> {
    const lastDay = LessThan(this.oldestDay);
    const old = await this.sources.find({ where: { lastDay }, order: { lastDay: 'ASC' }, take: TRIMMED });
    if (old.length > 0) await retrying(() => this.sources.remove(old));
    return old.length === TRIMMED;
  }

  private get today(): number {
    return Math.floor(this.clock.now() / DAY_MS);
  }

  /** The earliest day of a login that still makes a source known. */
  get oldestDay(): number {
    return this.today - this.config.KNOWN_SOURCE_DAYS;
  }
}
