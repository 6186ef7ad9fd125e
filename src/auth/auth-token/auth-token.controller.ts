import { Body, Controller, Get, HttpCode, Post, UseGuards } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { SessionOfUser } from '../../users/sessions.service.js';
import type { Device } from '../../users/sessions.service.js';
import type { UserState } from '../../users/user.entity.js';
import { AccountsService } from '../accounts.service.js';
import { AuthSessionsService, type TokenPair } from '../auth-sessions.service.js';
import { Current } from '../decorators/current.decorator.js';
import { FromDevice } from '../decorators/from-device.decorator.js';
import { HungUp } from '../decorators/hung-up.decorator.js';
import { JwtAuthGuard } from '../guards/jwt-auth.guard.js';
import { LocalAuthGuard } from '../guards/local-auth.guard.js';
import { ApiGetUser, ApiRefresh, ApiRegister, ApiToken, ApiVerify } from './auth-token.docs.js';
import { asksToVerify, CredentialsDto, RefreshDto, VerifyDto } from './auth-token.dto.js';
import { presentTokens } from './auth-token.presenter.js';

/** Contract A. */
@ApiTags('contract A')
@Controller('auth')
export class AuthTokenController {
  constructor(
    private readonly accounts: AccountsService,
    private readonly sessions: AuthSessionsService,
  ) {}

  @ApiRegister()
  @Post('register')
  async register(
    @Body() credentials: CredentialsDto,
    @FromDevice() device: Device,
    @HungUp() hungUp: AbortSignal,
  ): Promise<TokenPair> {
    return presentTokens(await this.accounts.register(credentials, device, hungUp));
  }

  @ApiToken()
  @Post('token')
  @HttpCode(200)
  @UseGuards(LocalAuthGuard(CredentialsDto))
  async token(@Current() user: UserState, @FromDevice() device: Device): Promise<TokenPair> {
    const { tokens } = await this.sessions.open(user, device);
    return presentTokens(tokens);
  }

  @ApiGetUser()
  @Get('getuser')
  @UseGuards(JwtAuthGuard)
  getUser(@Current() { user }: SessionOfUser): { username: string } {
    return { username: user.username };
  }

  @ApiVerify()
  @Post('token/verify')
  @HttpCode(200)
  async verify(@Body() { token }: VerifyDto): Promise<Record<string, never>> {
    await this.sessions.ofAccessToken(token);
    return {};
  }

  @ApiRefresh()
  @Post('token/refresh')
  @HttpCode(200)
  async refresh(@Body() body: RefreshDto): Promise<TokenPair | Record<string, never>> {
    if (asksToVerify(body)) return this.verify(body);
    return presentTokens(await this.sessions.rotate(body.refresh));
  }
}
