import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { SigningKeysService } from '../keys/signing-keys.service.js';
import { StartupService } from '../startup/startup.service.js';
import { LastUsesService } from '../users/last-uses.service.js';
import { SessionsService } from '../users/sessions.service.js';
import { LeasesService } from './leases.service.js';

const PERIOD_SECONDS = 60;
const BATCH = 200;
const BATCHES = 50;
/** Between two batches, so that requests come in between. */
const PAUSE_MS = 50;

/**
 * Once a minute: looks whether it is time for a new signing key, which requests would do at the next chance, writes when
 * sessions were used, and removes the rows of sessions that ended, a few at a time, so that the table stays in proportion to the living ones.
 */
@Injectable()
export class UpkeepService implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(UpkeepService.name);
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly startup: StartupService,
    private readonly leases: LeasesService,
    private readonly sessions: SessionsService,
    private readonly keys: SigningKeysService,
    private readonly lastUses: LastUsesService,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => {
      this.running = this.run().catch((error: unknown) => {
        this.logger.warn({ event: 'upkeep_failed', err: error });
      });
    }, PERIOD_SECONDS * 1000).unref();
  }

  /** Comes before the connection is closed. */
  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    await this.running;
    await this.lastUses.write();
  }

  /** @returns how many rows were removed: none when another replica has been at it within the minute */
  async run(): Promise<number> {
    if (!this.startup.isReady) return 0;
    await Promise.all([this.keys.load(), this.lastUses.write()]);
    if (!(await this.leases.take('purge-sessions', PERIOD_SECONDS))) return 0;
    let removed = 0;
    for (let batch = 0; batch < BATCHES; batch++) {
      const count = await this.sessions.purge(BATCH);
      removed += count;
      if (count < BATCH) break;
      await sleep(PAUSE_MS);
    }
    return removed;
  }
}
