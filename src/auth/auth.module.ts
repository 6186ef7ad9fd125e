import { type DynamicModule, Module } from '@nestjs/common';
import { IdentityModule } from '../identity/identity.module.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import type { Contract } from './contract.js';
import { GuardsModule } from './guards/guards.module.js';

/** The routes of the contracts. */
@Module({ imports: [GuardsModule, IdentityModule, SessionsModule] })
export class AuthModule {
  static forRoot(contracts: readonly Contract[]): DynamicModule {
    return { module: AuthModule, controllers: contracts.map(({ controller }) => controller) };
  }
}
