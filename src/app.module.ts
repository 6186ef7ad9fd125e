import { type DynamicModule, Module } from '@nestjs/common';
import { AccountModule } from './account/account.module.js';
import { AuthModule } from './auth/auth.module.js';
import { type Contract, CONTRACTS } from './auth/contract.js';
import { ManagementModule } from './management/management.module.js';
import { ClockModule } from './platform/clock/clock.module.js';
import type { Config } from './platform/config/config.js';
import { ConfigModule } from './platform/config/config.module.js';
import { DatabaseModule } from './platform/database/database.module.js';
import { migrations } from './platform/schema/migrations/index.js';
import { ResourceServersModule } from './resource-servers/resource-servers.module.js';
import { StartupModule } from './startup/startup.module.js';

/** Composes the service. */
@Module({})
export class AppModule {
  static forRoot(config: Config, contracts: readonly Contract[] = CONTRACTS): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ConfigModule.forRoot(config),
        ClockModule,
        DatabaseModule.forRoot(migrations),
        StartupModule,
        AuthModule.forRoot(contracts),
        AccountModule,
        ResourceServersModule,
        ManagementModule,
      ],
    };
  }
}
