import { Module } from '@nestjs/common';
import { GuardsModule } from '../auth/guards/guards.module.js';
import { IdentityModule } from '../identity/identity.module.js';
import { AccountController } from './account.controller.js';

/** The API of an account's owner. */
@Module({ imports: [GuardsModule, IdentityModule], controllers: [AccountController] })
export class AccountModule {}
