import { Controller, Get } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { DatabaseService } from '../platform/database/database.service.js';
import { FailureError } from '../platform/errors/failure.error.js';
import { ServedBeforeReady } from '../startup/ready.guard.js';
import { StartupService } from '../startup/startup.service.js';
import { AllWorkers } from './all-workers.js';
import { ApiLive, ApiReady } from './health.openapi.js';

interface Health {
  readonly status: 'ok';
}

/** Probes for whoever runs the service. */
@ApiTags('health')
@ServedBeforeReady()
@Controller()
export class HealthController {
  constructor(
    private readonly startup: StartupService,
    private readonly database: DatabaseService,
    private readonly workers: AllWorkers,
  ) {}

  /** The process answers. Restarting it would not bring back anything that it waits for. */
  @ApiLive()
  @Get('livez')
  live(): Health {
    return { status: 'ok' };
  }

  /** Migrations are applied, keys loaded, every worker has begun to serve, and the database answers now. */
  @ApiReady()
  @Get('readyz')
  async ready(): Promise<Health> {
    if (!this.startup.isReady || !this.workers.haveStarted)
      throw new FailureError({ code: 'unavailable', retryAfter: 2 });
    await this.database.ping();
    return { status: 'ok' };
  }
}
