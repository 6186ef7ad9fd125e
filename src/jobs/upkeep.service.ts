import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Clock } from '../platform/clock/clock.js';
import { SecurityEventsService } from '../events/security-events.service.js';
import { SigningKeysService } from '../keys/signing-keys.service.js';
import { Counters } from '../limits/counters.js';
import { KnownSourcesService } from '../limits/known-sources.service.js';
import { StartupService } from '../startup/startup.service.js';
import { LastUsesService } from '../sessions/last-uses.service.js';
import { SessionLimitService } from '../sessions/session-limit.service.js';
import { SessionsRepository } from '../users/sessions.repository.js';
import { LeasesService } from './leases.service.js';

const PERIOD_SECONDS = 60;
const BATCH = 200;
const BATCHES = 50;
/** Between two batches, so that requests come in between. */
const PAUSE_MS = 50;
/** For what is under way when the service stops. */
const STOP_MS = 1_000;

/**
 * Once a minute: looks whether it is time for a new signing key, which requests would do at the next chance, writes when
 * sessions were used, and removes what is of no more use, a few rows at a time: sessions that ended, so that the table stays in
 * proportion to the living ones, old events, sources that are known no more, counters that have expired.
 */
@Injectable()
export class UpkeepService implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(UpkeepService.name);
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly startup: StartupService,
    private readonly leases: LeasesService,
    private readonly sessions: SessionsRepository,
    private readonly keys: SigningKeysService,
    private readonly lastUses: LastUsesService,
    private readonly sessionLimit: SessionLimitService,
    private readonly events: SecurityEventsService,
    private readonly knownSources: KnownSourcesService,
    private readonly counters: Counters,
    private readonly clock: Clock,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => {
      this.running = this.run().catch(this.complain);
    }, PERIOD_SECONDS * 1000).unref();
  }

  /** Comes before the connection is closed. A database that does not answer must not keep the process. */
  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    const finished = this.running.then(() => Promise.all([this.lastUses.write(), this.events.write()]));
    await Promise.race([finished, sleep(STOP_MS, undefined, { ref: false })]);
  }

  /** @returns how many sessions were removed: none when another replica has been at it within the minute */
  async run(): Promise<number> {
    if (!this.startup.isReady) return 0;
    await Promise.all([this.keys.load(), this.lastUses.write(), this.limitSessions()]);
    if (!(await this.leases.take('upkeep', PERIOD_SECONDS))) return 0;
    let removed = 0;
    const purge = async () => {
      const count = await this.sessions.purge(BATCH);
      removed += count;
      return count === BATCH;
    };
    const trims = [
      () => this.counters.trim(this.clock.now()),
      () => this.knownSources.trim(),
      () => this.events.trim(),
    ];
    for (const batch of [purge, ...trims]) await inBatches(batch).catch(this.complain);
    return removed;
  }

  /** Of the accounts that have logged in at this replica; a failure must not keep the rest from being done. */
  private async limitSessions(): Promise<void> {
    const accounts = await this.sessionLimit.enforce().catch((error: unknown) => {
      this.complain(error);
      return [];
    });
    for (const userId of accounts)
      this.events.record({ event: 'session_end', outcome: 'success', reason: 'limit', userId });
  }

  /** One piece of work that fails keeps none of the others from being done. */
  private readonly complain = (error: unknown): void => {
    this.logger.warn({ event: 'upkeep_failed', err: error });
  };
}

/** @param batch removes some, and says whether there may be more */
async function inBatches(batch: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < BATCHES && (await batch()); i++) await sleep(PAUSE_MS);
}
