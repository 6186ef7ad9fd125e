import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query, UseGuards } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Origin } from '../events/origin.js';
import type { SessionOfUser } from '../users/session.entity.js';
import { OwnerService } from '../identity/owner.service.js';
import { CurrentSession } from '../auth/decorators/current.decorator.js';
import { ClientDisconnected } from '../auth/decorators/client-disconnected.decorator.js';
import { RequestOrigin } from '../auth/decorators/request-origin.decorator.js';
import { problemDetails } from '../platform/http/dialect/problem-details.js';
import { JwtAuthGuard } from '../auth/guards/jwt-auth.guard.js';
import { ApiChangePassword, ApiEndSession, ApiEndSessions, ApiListSessions } from './account.openapi.js';
import { EndSessionsQuery, includesThisSession, ListSessionsQuery, PasswordChangeDto } from './account.dto.js';
import { presentSession, type SessionView } from './account.presenter.js';

/**
 * Routes for the owner of an account. They belong to no contract, so errors are problem details.
 */
@ApiTags(problemDetails.tag.name)
@UseGuards(JwtAuthGuard)
@Controller('account')
export class AccountController {
  constructor(private readonly owner: OwnerService) {}

  @ApiListSessions()
  @Get('sessions')
  async list(
    @CurrentSession() session: SessionOfUser,
    @Query() { after }: ListSessionsQuery,
  ): Promise<{ sessions: SessionView[]; next: string | null }> {
    const { sessions, next } = await this.owner.listSessions(session.user, after);
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
    return this.owner.endSession(user, id, origin);
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
      ? this.owner.endAllSessions(session, origin)
      : this.owner.endOtherSessions(session, origin);
  }

  @ApiChangePassword()
  @Post('password')
  @HttpCode(204)
  changePassword(
    @CurrentSession() session: SessionOfUser,
    @Body() passwords: PasswordChangeDto,
    @RequestOrigin() origin: Origin,
    @ClientDisconnected() disconnected: AbortSignal,
  ): Promise<void> {
    const { current_password: current, new_password: next } = passwords;
    return this.owner.changePassword(session, { current, next }, origin, disconnected);
  }
}
