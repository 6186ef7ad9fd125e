import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { JobsModule } from '../jobs/jobs.module.js';
import { KeysModule } from '../keys/keys.module.js';
import { ReadyGuard } from './ready.guard.js';
import { StartupService } from './startup.service.js';

@Module({
  imports: [JobsModule, KeysModule],
  providers: [StartupService, { provide: APP_GUARD, useClass: ReadyGuard }],
  exports: [StartupService],
})
export class StartupModule {}
