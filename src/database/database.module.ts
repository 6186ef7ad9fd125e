import { Global, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { CONFIG, type Config } from '../config/config.js';
import { dataSourceOptions } from './data-source-options.js';
import { StatementsService } from './statements.service.js';
import { DatabaseService } from './database.service.js';

@Global()
@Module({
  imports: [
    TypeOrmModule.forRootAsync({
      inject: [CONFIG],
      // Connecting is left to the DatabaseService, so that a start without a database waits for it instead of failing.
      useFactory: (config: Config) => ({ ...dataSourceOptions(config), manualInitialization: true }),
    }),
  ],
  providers: [DatabaseService, StatementsService],
  exports: [DatabaseService, StatementsService],
})
export class DatabaseModule {}
