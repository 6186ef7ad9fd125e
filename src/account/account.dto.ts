import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsOptional, Matches, ValidateIf } from 'class-validator';
import { IsText } from '../platform/http/body/is-text.js';
import { refusedAs } from '../platform/http/body/refused-as.js';

/** Body of `POST /account/password`. */
export class PasswordChangeDto {
  @ApiProperty({ format: 'password', example: 'correct horse battery staple' })
  @IsText({ verbatim: true })
  current_password!: string;

  @ApiProperty({ format: 'password', example: 'correct horse battery staple' })
  @IsText({ verbatim: true })
  new_password!: string;
}

/** Query of `GET /account/sessions`. */
export class ListSessionsQuery {
  @ApiProperty({ required: false, format: 'uuid', description: '`next` of the previous page' })
  @IsOptional()
  @Matches(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, refusedAs({ code: 'not_a_session_id' }))
  after?: string;
}

const SCOPES = ['others', 'all'];
const FLAGS = ['true', 'false'];

/** Query of `DELETE /account/sessions`. */
export class EndSessionsQuery {
  // Required, so that the path of one session whose id was lost does not end the other sessions.
  @ApiProperty({ required: false, enum: SCOPES, description: '`others`: all other sessions; `all`: this session too' })
  @ValidateIf(({ scope, all }: EndSessionsQuery) => scope !== undefined || all === undefined)
  @IsIn(SCOPES, refusedAs({ code: 'not_one_of', allowed: SCOPES }))
  scope?: string;

  @ApiProperty({ required: false, enum: FLAGS, deprecated: true, description: '`true` means `scope=all`' })
  @IsOptional()
  @IsIn(FLAGS, refusedAs({ code: 'not_one_of', allowed: FLAGS }))
  all?: string;
}

/** Returns whether a query ends this session too. */
export function includesThisSession({ scope, all }: EndSessionsQuery): boolean {
  return scope === undefined ? all === 'true' : scope === 'all';
}
