import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { IdentityModule } from '../identity/identity.module.js';
import { AccountController } from './account.controller.js';

/** The API of an account's owner. */
@Module({ imports: [AuthModule, IdentityModule], controllers: [AccountController] })
export class AccountModule {}
