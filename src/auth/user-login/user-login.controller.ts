import { Body, Controller, Delete, HttpCode, Post, UseGuards } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Device } from '../../users/sessions.service.js';
import type { UserState } from '../../users/user.entity.js';
import { AccountsService } from '../accounts.service.js';
import { AuthSessionsService } from '../auth-sessions.service.js';
import { Current } from '../decorators/current.decorator.js';
import { FromDevice } from '../decorators/from-device.decorator.js';
import { HungUp } from '../decorators/hung-up.decorator.js';
import { LocalAuthGuard } from '../guards/local-auth.guard.js';
import { ApiLogin, ApiLoginRefresh, ApiLogout, ApiSignup } from './user-login.docs.js';
import { LoginDto, LoginRefreshDto, LogoutDto, SignupDto } from './user-login.dto.js';
import { presentTokens } from './user-login.presenter.js';

/** Contract B. */
@ApiTags('contract B')
@Controller('user')
export class UserLoginController {
  constructor(
    private readonly accounts: AccountsService,
    private readonly sessions: AuthSessionsService,
  ) {}

  @ApiSignup()
  @Post('signup')
  async signup(@Body() form: SignupDto, @FromDevice() device: Device, @HungUp() hungUp: AbortSignal) {
    const { first_name: firstName, last_name: lastName, ...names } = form;
    return presentTokens(await this.accounts.register({ ...names, firstName, lastName }, device, hungUp));
  }

  @ApiLogin()
  @Post('login')
  @UseGuards(LocalAuthGuard(LoginDto))
  async login(@Current() user: UserState, @FromDevice() device: Device) {
    const { tokens } = await this.sessions.open(user, device);
    return presentTokens(tokens);
  }

  @ApiLoginRefresh()
  @Post('login/refresh')
  async refresh(@Body() { refresh_token }: LoginRefreshDto): Promise<{ access_token: string }> {
    return { access_token: await this.sessions.renewAccess(refresh_token) };
  }

  @ApiLogout()
  @Delete('login')
  @HttpCode(204)
  logout(@Body() { access_token, refresh_token }: LogoutDto): Promise<void> {
    return this.sessions.logout(access_token, refresh_token);
  }
}
