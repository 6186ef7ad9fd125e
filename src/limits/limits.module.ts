import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { JobsModule } from '../jobs/jobs.module.js';
import { DatabaseService } from '../platform/database/database.service.js';
import { type Statements, StatementsService } from '../platform/database/statements.service.js';
import { CounterRow } from './counter.entity.js';
import { Counters } from './counters.js';
import { KnownSource } from './known-source.entity.js';
import { KnownSourcesService } from './known-sources.service.js';
import { LimitsJobs } from './limits.jobs.js';
import { LimitsService } from './limits.service.js';
import { LoginGuessesService } from './login-guesses.service.js';
import { LoginLookup } from './login-lookup.js';
import { MemoryCounters } from './memory-counters.js';
import { MySqlCounters } from './mysql-counters.js';
import { RefusalPause } from './refusal-pause.js';
import { RememberedRefusals } from './remembered-refusals.js';

/**
 * Connections that count attempts and find the accounts of logins. They are separate, so that a
 * flood of guesses delays no other request.
 */
const CONNECTIONS = 2;
const STATEMENTS = Symbol('LimitsStatements');

@Module({
  imports: [TypeOrmModule.forFeature([CounterRow, KnownSource]), JobsModule],
  providers: [
    {
      provide: STATEMENTS,
      inject: [StatementsService],
      useFactory: (statements: StatementsService) => statements.lane(CONNECTIONS),
    },
    {
      provide: Counters,
      inject: [DatabaseService, STATEMENTS],
      useFactory: ({ isEmbedded }: DatabaseService, statements: Statements) =>
        isEmbedded ? new MemoryCounters() : new MySqlCounters(statements),
    },
    {
      provide: LoginLookup,
      inject: [DatabaseService, STATEMENTS, Counters],
      useFactory: ({ isEmbedded }: DatabaseService, statements: Statements, counters: Counters) =>
        new LoginLookup(statements, isEmbedded ? counters : undefined),
    },
    KnownSourcesService,
    LimitsJobs,
    LimitsService,
    LoginGuessesService,
    RefusalPause,
    RememberedRefusals,
  ],
  exports: [KnownSourcesService, LimitsService, LoginGuessesService, RefusalPause],
})
export class LimitsModule {}
