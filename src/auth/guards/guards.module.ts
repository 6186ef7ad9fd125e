import { Module } from '@nestjs/common';
import { PassportModule } from '@nestjs/passport';
import { IdentityModule } from '../../identity/identity.module.js';
import { SessionsModule } from '../../sessions/sessions.module.js';
import { JwtStrategy } from '../strategies/jwt.strategy.js';
import { LocalStrategy } from '../strategies/local.strategy.js';

/** The Passport strategies behind the guards. A module whose routes have a guard imports it. */
@Module({
  imports: [IdentityModule, PassportModule, SessionsModule],
  providers: [JwtStrategy, LocalStrategy],
  exports: [JwtStrategy, LocalStrategy],
})
export class GuardsModule {}
