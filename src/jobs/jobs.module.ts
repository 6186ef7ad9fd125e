import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { JobsService } from './jobs.service.js';
import { Lease } from './lease.entity.js';
import { LeasesService } from './leases.service.js';

/** Work in the background. Knows no feature: each registers its jobs at {@link JobsService}. */
@Module({
  imports: [TypeOrmModule.forFeature([Lease])],
  providers: [JobsService, LeasesService],
  exports: [JobsService],
})
export class JobsModule {}
