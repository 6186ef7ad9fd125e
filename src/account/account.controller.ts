import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query, UseGuards } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Origin } from '../events/origin.js';
import type { SessionOfUser } from '../users/sessions.repository.js';
import { AccountsService } from '../identity/accounts.service.js';
import { CurrentSession } from '../auth/decorators/current.decorator.js';
import { HungUp } from '../auth/decorators/hung-up.decorator.js';
import { RequestOrigin } from '../auth/decorators/request-origin.decorator.js';
import { problemDetails } from '../platform/http/dialect/problem-details.js';
import { JwtAuthGuard } from '../auth/guards/jwt-auth.guard.js';
import { ApiChangePassword, ApiEndSession, ApiEndSessions, ApiListSessions } from './account.openapi.js';
import { EndSessionsQuery, includesThisSession, ListSessionsQuery, PasswordChangeDto } from './account.dto.js';
import { presentSession, type SessionView } from './account.presenter.js';

/**
 * What the owner of an account does to it. Outside of the contracts: errors are problem details.
 */
@ApiTags(problemDetails.tag.name)
@UseGuards(JwtAuthGuard)
@Controller('account')
export class AccountController {
  constructor(private readonly accounts: AccountsService) {}

  @ApiListSessions()
  @Get('sessions')
  async list(
    @CurrentSession() session: SessionOfUser,
    @Query() { after }: ListSessionsQuery,
  ): Promise<{ sessions: SessionView[]; next: string | null }> {
    const { sessions, next } = await this.accounts.sessionsOf(session.user, after);
    return { sessions: sessions.map((each) => presentSession(each, session.id)), next };
  }

  @ApiEndSession()
  @Delete('sessions/:id')
  @HttpCode(204)
  endOne(
    @CurrentSession() { user }: SessionOfUser,
    @Param('id') id: string,
    @RequestOrigin() origin: Origin,
  ): Promise<void> {
    return this.accounts.endSession(user, id, origin);
  }

  @ApiEndSessions()
  @Delete('sessions')
  @HttpCode(204)
  endMany(
    @CurrentSession() session: SessionOfUser,
    @Query() query: EndSessionsQuery,
    @RequestOrigin() origin: Origin,
  ): Promise<void> {
    return includesThisSession(query)
      ? this.accounts.endAllSessions(session, origin)
      : this.accounts.endOtherSessions(session, origin);
  }

  @ApiChangePassword()
  @Post('password')
  @HttpCode(204)
  changePassword(
    @CurrentSession() session: SessionOfUser,
    @Body() passwords: PasswordChangeDto,
    @RequestOrigin() origin: Origin,
    @HungUp() hungUp: AbortSignal,
  ): Promise<void> {
    const { current_password: current, new_password: next } = passwords;
    return this.accounts.changePassword(session, { current, next }, origin, hungUp);
  }
}
