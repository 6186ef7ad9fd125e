import { Module } from '@nestjs/common';
import { JwtModule } from '@nestjs/jwt';
import { PassportModule } from '@nestjs/passport';
import { LimitsModule } from '../limits/limits.module.js';
import { KeysModule } from '../keys/keys.module.js';
import { UsersModule } from '../users/users.module.js';
import { AccountController } from './account/account.controller.js';
import { AccountsService } from './accounts.service.js';
import { AuthSessionsService } from './auth-sessions.service.js';
import { AuthTokenController } from './auth-token/auth-token.controller.js';
import { EventsModule } from '../events/events.module.js';
import { IntrospectionService } from './introspection.service.js';
import { MetadataController } from './oauth/metadata.controller.js';
import { OAuthController } from './oauth/oauth.controller.js';
import { HASH_WORKER, HashProcess, hashWorker } from './passwords/hash-process.js';
import { HashQueue } from './passwords/hash-queue.js';
import { PasswordCheck } from './passwords/password-check.js';
import { PasswordHasher } from './passwords/password-hasher.js';
import { PasswordPolicy } from './passwords/password-policy.js';
import { RegistrationService } from './registration.service.js';
import { JwtStrategy } from './strategies/jwt.strategy.js';
import { LocalStrategy } from './strategies/local.strategy.js';
import { AccessTokens } from './tokens/access-tokens.js';
import { RefreshTokens } from './tokens/refresh-tokens.js';
import { UserLoginController } from './user-login/user-login.controller.js';

@Module({
  imports: [PassportModule, JwtModule.register({}), EventsModule, KeysModule, LimitsModule, UsersModule],
  controllers: [AuthTokenController, UserLoginController, AccountController, OAuthController, MetadataController],
  providers: [
    AccountsService,
    AuthSessionsService,
    PasswordHasher,
    HashQueue,
    HashProcess,
    { provide: HASH_WORKER, useValue: hashWorker },
    PasswordCheck,
    PasswordPolicy,
    RegistrationService,
    AccessTokens,
    RefreshTokens,
    LocalStrategy,
    JwtStrategy,
    IntrospectionService,
  ],
})
export class AuthModule {}
