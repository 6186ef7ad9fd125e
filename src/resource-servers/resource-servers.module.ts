import { Module } from '@nestjs/common';
import { EventsModule } from '../events/events.module.js';
import { KeysModule } from '../keys/keys.module.js';
import { LimitsModule } from '../limits/limits.module.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import { JwksController } from './jwks.controller.js';
import { MetadataController } from './metadata.controller.js';
import { OAuthController } from './oauth.controller.js';

/** What other services need to accept our tokens: keys, introspection, revocation, metadata. */
@Module({
  imports: [EventsModule, KeysModule, LimitsModule, SessionsModule],
  controllers: [JwksController, MetadataController, OAuthController],
})
export class ResourceServersModule {}
