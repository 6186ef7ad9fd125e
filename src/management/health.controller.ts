import { Controller, Get } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { DatabaseService } from '../platform/database/database.service.js';
import { NAME, VERSION } from '../platform/config/version.js';
import { UNAVAILABLE } from '../platform/errors/failure.js';
import { FailureError } from '../platform/errors/failure.error.js';
import { ServedBeforeReady } from '../startup/ready.guard.js';
import { StartupService } from '../startup/startup.service.js';
import { AllWorkers } from './all-workers.js';
import { ApiLive, ApiReady } from './health.openapi.js';

interface Ready {
  readonly status: 'ok';
}

interface Live extends Ready {
  readonly name: string;
  readonly version: string;
}

const LIVE: Live = { status: 'ok', name: NAME, version: VERSION };

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

  /** Answers even when the database is away, since a restart of this process would not help. */
  @ApiLive()
  @Get('livez')
  live(): Live {
    return LIVE;
  }

  /**
   * Answers once migrations are applied, keys are loaded and all workers serve.
   * @throws the error of the driver when the database does not answer now
   */
  @ApiReady()
  @Get('readyz')
  async ready(): Promise<Ready> {
    if (!this.startup.isReady || !this.workers.haveStarted) throw new FailureError(UNAVAILABLE);
    await this.database.ping();
    return { status: 'ok' };
  }
}
