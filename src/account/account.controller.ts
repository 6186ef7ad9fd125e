import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query, Req, UseGuards } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { FailureError } from '../platform/errors/failure.error.js';
import type { Origin } from '../events/origin.js';
import type { SessionOfUser } from '../users/session.entity.js';
import { OwnerService } from '../identity/owner.service.js';
import { Current } from '../auth/decorators/current.decorator.js';
import { ClientDisconnected } from '../auth/decorators/client-disconnected.decorator.js';
import { RequestOrigin } from '../auth/decorators/request-origin.decorator.js';
import { JwtAuthGuard } from '../auth/guards/jwt-auth.guard.js';
import { ApiChangePassword, ApiEndSession, ApiEndSessions, ApiListSessions } from './account.openapi.js';
import { EndSessionsQuery, ListSessionsQuery, PasswordChangeDto } from './account.dto.js';
import { presentSession, type SessionView } from './account.presenter.js';

/** What the owner of an account does to it. Outside of both contracts; errors are problem details. */
@ApiTags('account')
@UseGuards(JwtAuthGuard)
@Controller('account')
export class AccountController {
  constructor(private readonly owner: OwnerService) {}

  @ApiListSessions()
  @Get('sessions')
  async list(
    @Current() session: SessionOfUser,
    @Query() { after }: ListSessionsQuery,
  ): Promise<{ sessions: SessionView[]; next: string | null }> {
    const { sessions, next } = await this.owner.listSessions(session.user, after);
    return { sessions: sessions.map((each) => presentSession(each, session.id)), next };
  }

  @ApiEndSession()
  @Delete('sessions/:id')
  @HttpCode(204)
  endOne(@Current() { user }: SessionOfUser, @Param('id') id: string, @RequestOrigin() origin: Origin): Promise<void> {
    return this.owner.endSession(user, id, origin);
  }

  @ApiEndSessions()
  @Delete('sessions')
  @HttpCode(204)
  endAll(
    @Current() session: SessionOfUser,
    @Query() { all }: EndSessionsQuery,
    @Req() { url }: FastifyRequest,
    @RequestOrigin() origin: Origin,
  ): Promise<void> {
    // The path of one session, its id having been lost on the way, must not end all the others.
    if (url.split(/[?#]/, 1)[0]?.endsWith('/')) throw new FailureError({ code: 'session_not_found' });
    return all === 'true' ? this.owner.endAllSessions(session, origin) : this.owner.endOtherSessions(session, origin);
  }

  @ApiChangePassword()
  @Post('password')
  @HttpCode(204)
  changePassword(
    @Current() session: SessionOfUser,
    @Body() passwords: PasswordChangeDto,
    @RequestOrigin() origin: Origin,
    @ClientDisconnected() disconnected: AbortSignal,
  ): Promise<void> {
    const { current_password: current, new_password: next } = passwords;
    return this.owner.changePassword(session, { current, next }, origin, disconnected);
  }
}
