import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { EventsModule } from '../events/events.module.js';
import { JobsModule } from '../jobs/jobs.module.js';
import { NEW_KEY_PAIR, newKeyPair } from './key-pair.js';
import { KeysJobs } from './keys.jobs.js';
import { SigningKey } from './signing-key.entity.js';
import { SigningKeysService } from './signing-keys.service.js';

/** The keys that access tokens are signed with. */
@Module({
  imports: [TypeOrmModule.forFeature([SigningKey]), EventsModule, JobsModule],
  providers: [KeysJobs, SigningKeysService, { provide: NEW_KEY_PAIR, useValue: newKeyPair }],
  exports: [SigningKeysService],
})
export class KeysModule {}
