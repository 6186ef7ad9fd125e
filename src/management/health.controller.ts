import { Controller, Get } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { DatabaseService } from '../platform/database/database.service.js';
import { FailureError } from '../platform/errors/failure.error.js';
import { ServedBeforeReady } from '../startup/ready.guard.js';
import { StartupService } from '../startup/startup.service.js';
import { AllWorkers } from './all-workers.js';
import { ApiLive, ApiReady } from './health.openapi.js';
import { packageInfoOf } from './package-info.js';

interface Ready {
  readonly status: 'ok';
}

interface Live extends Ready {
  readonly name: string;
  readonly version: string;
}

const LIVE: Live = { status: 'ok', ...packageInfoOf(import.meta.dirname) };

/** Probes for operators and their orchestrators. */
@ApiTags('health')
@ServedBeforeReady()
@Controller()
export class HealthController {
  constructor(
    private readonly startup: StartupService,
    private readonly database: DatabaseService,
    private readonly workers: AllWorkers,
  ) {}

  /** Answers even when the database is away: a restart would not bring it back. */
  @ApiLive()
  @Get('livez')
  live(): Live {
    return LIVE;
  }

  /**
   * Answers once migrations are applied, keys loaded and all workers serving, and if the database
   * answers now.
   */
  @ApiReady()
  @Get('readyz')
  async ready(): Promise<Ready> {
    if (!this.startup.isReady || !this.workers.haveStarted)
      throw new FailureError({ code: 'unavailable', retryAfter: 2 });
    await this.database.ping();
    return { status: 'ok' };
  }
}
