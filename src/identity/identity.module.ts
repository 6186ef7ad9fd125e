import { Module } from '@nestjs/common';
import { EventsModule } from '../events/events.module.js';
import { LimitsModule } from '../limits/limits.module.js';
import { PasswordsModule } from '../passwords/passwords.module.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import { UsersModule } from '../users/users.module.js';
import { LoginService } from './login.service.js';
import { OwnerService } from './owner.service.js';
import { PasswordGuesses } from './password-guesses.js';
import { RegistrationService } from './registration.service.js';

/** How people get an account, log in to it and look after it. */
@Module({
  imports: [EventsModule, LimitsModule, PasswordsModule, SessionsModule, UsersModule],
  providers: [LoginService, OwnerService, PasswordGuesses, RegistrationService],
  exports: [LoginService, OwnerService, RegistrationService],
})
export class IdentityModule {}
