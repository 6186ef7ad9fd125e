import { Controller, Header, Post, UseGuards } from '@nestjs/common';
import { ApiBody, ApiProperty, ApiTags } from '@nestjs/swagger';
import { CurrentUser } from '../../../src/auth/decorators/current.decorator.js';
import { RequestOrigin } from '../../../src/auth/decorators/request-origin.decorator.js';
import { LocalAuthGuard } from '../../../src/auth/guards/local-auth.guard.js';
import type { Origin } from '../../../src/events/origin.js';
import { IsText } from '../../../src/platform/http/body/is-text.js';
import { documents } from '../../../src/platform/openapi/documents.js';
import { exactly, text } from '../../../src/platform/openapi/schema.js';
import { SessionsService } from '../../../src/sessions/sessions.service.js';
import type { UserState } from '../../../src/users/user.entity.js';
import { loginDialect, MEDIA_TYPE } from './login.dialect.js';

/** Body of `POST /v3/login`. */
class LoginV3Dto {
  @ApiProperty()
  @IsText()
  username!: string;

  @ApiProperty()
  @IsText({ verbatim: true })
  password!: string;
}

@ApiTags(loginDialect.tag.name)
@Controller(loginDialect.prefix)
export class LoginV3Controller {
  constructor(private readonly sessions: SessionsService) {}

  // The guard reads the body, so Swagger cannot see its DTO.
  @ApiBody({ type: LoginV3Dto })
  @documents(loginDialect, {
    summary: 'Log in',
    body: ['username', 'password'],
    answer: {
      status: 201,
      description: 'An access token',
      mediaType: MEDIA_TYPE,
      schema: exactly({ meta: exactly({ access: text('<access-token>') }) }),
    },
    refusals: ['invalid_credentials', 'throttled'],
  })
  @Post('login')
  @Header('Content-Type', MEDIA_TYPE)
  @UseGuards(LocalAuthGuard(LoginV3Dto))
  async login(@CurrentUser() user: UserState, @RequestOrigin() origin: Origin) {
    const { tokens } = await this.sessions.open(user, origin);
    return { meta: { access: tokens.access } };
  }
}

/** A contract of the tests: one login with the errors of JSON:API. */
export const thirdContract = { dialect: loginDialect, controller: LoginV3Controller };
