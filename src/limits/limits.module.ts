import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Counters } from './counters.js';
import { KnownSource } from './known-source.entity.js';
import { KnownSourcesService } from './known-sources.service.js';
import { LimitsService } from './limits.service.js';

@Module({
  imports: [TypeOrmModule.forFeature([KnownSource])],
  providers: [Counters, KnownSourcesService, LimitsService],
  exports: [Counters, KnownSourcesService, LimitsService],
})
export class LimitsModule {}
