import { Body, Controller, HttpCode, Post, UseGuards } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Origin } from '../events/origin.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { RequestOrigin } from '../auth/decorators/request-origin.decorator.js';
import { type ActiveToken, IntrospectionService } from '../sessions/introspection.service.js';
import { ClientGuard } from './client.guard.js';
import { oauthDialect } from './oauth.dialect.js';
import { ApiIntrospect, ApiRevoke } from './oauth.openapi.js';
import { TokenDto } from './oauth.dto.js';

/** Routes for resource servers, which authenticate as clients. */
@ApiTags(oauthDialect.tag.name)
@UseGuards(ClientGuard)
@Controller('oauth')
export class OAuthController {
  constructor(
    private readonly introspection: IntrospectionService,
    private readonly sessions: SessionsService,
  ) {}

  /** RFC 7662. */
  @ApiIntrospect()
  @Post('introspect')
  @HttpCode(200)
  introspect(@Body() { token }: TokenDto): Promise<ActiveToken | { active: false }> {
    return this.introspection.introspect(token);
  }

  /** RFC 7009: ends the session of a token of either kind. An unknown token counts as revoked. */
  @ApiRevoke()
  @Post('revoke')
  @HttpCode(200)
  revoke(@Body() { token }: TokenDto, @RequestOrigin() origin: Origin): Promise<void> {
    return this.sessions.revokeByToken(token, origin);
  }
}
