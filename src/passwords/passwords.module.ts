import { Module } from '@nestjs/common';
import { LimitsModule } from '../limits/limits.module.js';
import { UsersModule } from '../users/users.module.js';
import { PasswordCheck } from './password-check.js';
import { PasswordHasher } from './password-hasher.js';
import { PasswordPolicy } from './password-policy.js';
import { HASH_WORKER, HashProcess, hashWorker } from './worker/hash-process.js';
import { HashQueue } from './worker/hash-queue.js';

/** Which passwords may be chosen, whether one is right, and how they are hashed. */
@Module({
  imports: [LimitsModule, UsersModule],
  providers: [
    HashProcess,
    HashQueue,
    PasswordCheck,
    PasswordHasher,
    PasswordPolicy,
    { provide: HASH_WORKER, useValue: hashWorker },
  ],
  exports: [PasswordCheck, PasswordHasher, PasswordPolicy],
})
export class PasswordsModule {}
