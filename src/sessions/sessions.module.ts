import { Module } from '@nestjs/common';
import { JwtModule } from '@nestjs/jwt';
import { EventsModule } from '../events/events.module.js';
import { JobsModule } from '../jobs/jobs.module.js';
import { KeysModule } from '../keys/keys.module.js';
import { UsersModule } from '../users/users.module.js';
import { IntrospectionService } from './introspection.service.js';
import { LastUsesService } from './last-uses.service.js';
import { RefreshService } from './refresh.service.js';
import { RotationsService } from './rotations.service.js';
import { SessionLimitService } from './session-limit.service.js';
import { SessionsJobs } from './sessions.jobs.js';
import { SessionsService } from './sessions.service.js';
import { AccessTokens } from './tokens/access-tokens.js';
import { RefreshTokens } from './tokens/refresh-tokens.js';

/** Sessions from login to logout, and their tokens. */
@Module({
  imports: [JwtModule.register({}), EventsModule, JobsModule, KeysModule, UsersModule],
  providers: [
    AccessTokens,
    IntrospectionService,
    LastUsesService,
    RefreshService,
    RefreshTokens,
    RotationsService,
    SessionLimitService,
    SessionsJobs,
    SessionsService,
  ],
  exports: [IntrospectionService, LastUsesService, RefreshService, SessionsService],
})
export class SessionsModule {}
