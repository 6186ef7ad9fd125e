import { type DynamicModule, Global, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { DataSourceOptions } from 'typeorm';
import { CONFIG, type Config } from '../config/config.js';
import { dataSourceOptions, type Migrations } from './data-source-options.js';
import { DatabaseService } from './database.service.js';
import { StatementsService } from './statements.service.js';

/** Injection token of TypeORM's options for the store. */
export const DATA_SOURCE_OPTIONS = Symbol('DataSourceOptions');

/** Where the store is, by the configuration. */
@Module({})
class StoreModule {
  static forRoot(migrations: Migrations): DynamicModule {
    const useFactory = (config: Config) => dataSourceOptions(config, migrations);
    return {
      module: StoreModule,
      providers: [{ provide: DATA_SOURCE_OPTIONS, inject: [CONFIG], useFactory }],
      exports: [DATA_SOURCE_OPTIONS],
    };
  }
}

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
          imports: [StoreModule.forRoot(migrations)],
          inject: [DATA_SOURCE_OPTIONS],
          useFactory: (options: DataSourceOptions) => ({
            ...options,
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
