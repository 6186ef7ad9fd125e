import { type DynamicModule, Global, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { CONFIG, type Config } from '../config/config.js';
import { dataSourceOptions, type Migrations } from './data-source-options.js';
import { DatabaseService } from './database.service.js';
import { StatementsService } from './statements.service.js';

/**
 * Provides the connection to the store. It knows no table: each feature registers its entities by
 * `TypeOrmModule.forFeature`.
 */
@Global()
@Module({})
export class DatabaseModule {
  static forRoot(migrations: Migrations): DynamicModule {
    return {
      module: DatabaseModule,
      imports: [
        TypeOrmModule.forRootAsync({
          inject: [CONFIG],
          useFactory: (config: Config) => ({
            ...dataSourceOptions(config, migrations),
            autoLoadEntities: true,
            // The DatabaseService connects, so that a start without a database waits instead of
            // failing.
            manualInitialization: true,
          }),
        }),
      ],
      providers: [DatabaseService, StatementsService],
      exports: [DatabaseService, StatementsService],
    };
  }
}
