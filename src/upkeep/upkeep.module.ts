import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { KeysModule } from '../keys/keys.module.js';
import { StartupModule } from '../startup/startup.module.js';
import { UsersModule } from '../users/users.module.js';
import { Lease } from './lease.entity.js';
import { LeasesService } from './leases.service.js';
import { UpkeepService } from './upkeep.service.js';

@Module({
  imports: [TypeOrmModule.forFeature([Lease]), KeysModule, StartupModule, UsersModule],
  providers: [LeasesService, UpkeepService],
})
export class UpkeepModule {}
