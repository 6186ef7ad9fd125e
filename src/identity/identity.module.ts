import { Module } from '@nestjs/common';
import { EventsModule } from '../events/events.module.js';
import { LimitsModule } from '../limits/limits.module.js';
import { PasswordsModule } from '../passwords/passwords.module.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import { UsersModule } from '../users/users.module.js';
import { AccountsService } from './accounts.service.js';
import { RegistrationService } from './registration.service.js';

/** How people get an account, log in to it and look after it. */
@Module({
  imports: [EventsModule, LimitsModule, PasswordsModule, SessionsModule, UsersModule],
  providers: [AccountsService, RegistrationService],
  exports: [AccountsService, RegistrationService],
})
export class IdentityModule {}
