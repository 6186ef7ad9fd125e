import { Module } from '@nestjs/common';
import { StartupModule } from '../startup/startup.module.js';
import { AllWorkers } from './all-workers.js';
import { HealthController } from './health.controller.js';

@Module({ imports: [StartupModule], controllers: [HealthController], providers: [AllWorkers] })
export class ManagementModule {}
