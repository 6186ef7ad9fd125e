import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { EventsModule } from '../events/events.module.js';
import { KeysModule } from '../keys/keys.module.js';
import { LimitsModule } from '../limits/limits.module.js';
import { StartupModule } from '../startup/startup.module.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import { UsersModule } from '../users/users.module.js';
import { Lease } from './lease.entity.js';
import { LeasesService } from './leases.service.js';
import { UpkeepService } from './upkeep.service.js';

@Module({
  imports: [
    TypeOrmModule.forFeature([Lease]),
    EventsModule,
    KeysModule,
    LimitsModule,
    SessionsModule,
    StartupModule,
    UsersModule,
  ],
  providers: [LeasesService, UpkeepService],
})
export class JobsModule {}
