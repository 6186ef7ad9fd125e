import { Module } from '@nestjs/common';
import { PassportModule } from '@nestjs/passport';
import { IdentityModule } from '../identity/identity.module.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import { AuthTokenController } from './contracts/auth-token/auth-token.controller.js';
import { UserLoginController } from './contracts/user-login/user-login.controller.js';
import { JwtStrategy } from './strategies/jwt.strategy.js';
import { LocalStrategy } from './strategies/local.strategy.js';

/** Both contracts, and the Passport strategies that other edges guard their routes with. */
@Module({
  imports: [IdentityModule, PassportModule, SessionsModule],
  controllers: [AuthTokenController, UserLoginController],
  providers: [JwtStrategy, LocalStrategy],
  exports: [JwtStrategy],
})
export class AuthModule {}
