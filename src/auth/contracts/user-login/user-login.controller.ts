import { Body, Controller, Delete, HttpCode, Post, UseGuards } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Origin } from '../../../events/origin.js';
import type { UserState } from '../../../users/user.entity.js';
import { SessionsService, type TokenPair } from '../../../sessions/sessions.service.js';
import { RefreshService } from '../../../sessions/refresh.service.js';
import { RegistrationService } from '../../../identity/registration.service.js';
import { CurrentUser } from '../../decorators/current.decorator.js';
import { ClientDisconnected } from '../../decorators/client-disconnected.decorator.js';
import { RequestOrigin } from '../../decorators/request-origin.decorator.js';
import { LocalAuthGuard } from '../../guards/local-auth.guard.js';
import { userLoginDialect } from './user-login.dialect.js';
import { ApiLogin, ApiLoginRefresh, ApiLogout, ApiSignup } from './user-login.openapi.js';
import { LoginDto, LoginRefreshDto, LogoutDto, SignupDto } from './user-login.dto.js';

@ApiTags(userLoginDialect.tag.name)
@Controller(userLoginDialect.prefix)
export class UserLoginController {
  constructor(
    private readonly registration: RegistrationService,
    private readonly sessions: SessionsService,
    private readonly refreshes: RefreshService,
  ) {}

  @ApiSignup()
  @Post('signup')
  async signup(
    @Body() form: SignupDto,
    @RequestOrigin() origin: Origin,
    @ClientDisconnected() disconnected: AbortSignal,
  ) {
    const { first_name: firstName, last_name: lastName, ...names } = form;
    return presentTokens(await this.registration.register({ ...names, firstName, lastName }, origin, disconnected));
  }

  @ApiLogin()
  @Post('login')
  @UseGuards(LocalAuthGuard(LoginDto))
  async login(@CurrentUser() user: UserState, @RequestOrigin() origin: Origin) {
    const { tokens } = await this.sessions.open(user, origin);
    return presentTokens(tokens);
  }

  @ApiLoginRefresh()
  @Post('login/refresh')
  async refresh(
    @Body() { refresh_token }: LoginRefreshDto,
    @RequestOrigin() origin: Origin,
  ): Promise<{ access_token: string }> {
    return { access_token: await this.refreshes.renewAccess(refresh_token, origin) };
  }

  @ApiLogout()
  @Delete('login')
  @HttpCode(204)
  logout(@Body() { access_token, refresh_token }: LogoutDto, @RequestOrigin() origin: Origin): Promise<void> {
    return this.sessions.logout(access_token, refresh_token, origin);
  }
}

/** Contract B. */
export const userLogin = { dialect: userLoginDialect, controller: UserLoginController };

/** Returns a token pair in the names and the key order of contract B. */
function presentTokens({ access, refresh }: TokenPair): { access_token: string; refresh_token: string } {
  return { access_token: access, refresh_token: refresh };
}
