import { Body, Controller, Get, HttpCode, Post, UseGuards } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Origin } from '../../../events/origin.js';
import type { SessionOfUser } from '../../../users/session.entity.js';
import type { UserState } from '../../../users/user.entity.js';
import { SessionsService, type TokenPair } from '../../../sessions/sessions.service.js';
import { RefreshService } from '../../../sessions/refresh.service.js';
import { RegistrationService } from '../../../identity/registration.service.js';
import { CurrentSession, CurrentUser } from '../../decorators/current.decorator.js';
import { ClientDisconnected } from '../../decorators/client-disconnected.decorator.js';
import { RequestOrigin } from '../../decorators/request-origin.decorator.js';
import { JwtAuthGuard } from '../../guards/jwt-auth.guard.js';
import { LocalAuthGuard } from '../../guards/local-auth.guard.js';
import { authTokenDialect } from './auth-token.dialect.js';
import { ApiGetUser, ApiRefresh, ApiRegister, ApiToken, ApiVerify } from './auth-token.openapi.js';
import { asksToVerify, CredentialsDto, RefreshDto, VerifyDto } from './auth-token.dto.js';

@ApiTags(authTokenDialect.tag.name)
@Controller(authTokenDialect.prefix)
export class AuthTokenController {
  constructor(
    private readonly registration: RegistrationService,
    private readonly sessions: SessionsService,
    private readonly refreshes: RefreshService,
  ) {}

  @ApiRegister()
  @Post('register')
  async register(
    @Body() credentials: CredentialsDto,
    @RequestOrigin() origin: Origin,
    @ClientDisconnected() disconnected: AbortSignal,
  ): Promise<TokenPair> {
    return presentTokens(await this.registration.register(credentials, origin, disconnected));
  }

  @ApiToken()
  @Post('token')
  @HttpCode(200)
  @UseGuards(LocalAuthGuard(CredentialsDto))
  async token(@CurrentUser() user: UserState, @RequestOrigin() origin: Origin): Promise<TokenPair> {
    const { tokens } = await this.sessions.open(user, origin);
    return presentTokens(tokens);
  }

  @ApiGetUser()
  @Get('getuser')
  @UseGuards(JwtAuthGuard)
  getUser(@CurrentSession() { user }: SessionOfUser): { username: string } {
    return { username: user.username };
  }

  @ApiVerify()
  @Post('token/verify')
  @HttpCode(200)
  async verify(@Body() { token }: VerifyDto): Promise<Record<string, never>> {
    await this.sessions.authenticate(token);
    return {};
  }

  @ApiRefresh()
  @Post('token/refresh')
  @HttpCode(200)
  async refresh(@Body() body: RefreshDto, @RequestOrigin() origin: Origin): Promise<TokenPair | Record<string, never>> {
    if (asksToVerify(body)) return this.verify(body);
    return presentTokens(await this.refreshes.rotate(body.refresh, origin));
  }
}

/** Contract A. */
export const authToken = { dialect: authTokenDialect, controller: AuthTokenController };

/** Returns a token pair in the key order of contract A. */
function presentTokens({ refresh, access }: TokenPair): TokenPair {
  return { refresh, access };
}
