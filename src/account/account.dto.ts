import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsOptional, Matches } from 'class-validator';
import { IsText } from '../platform/http/body/is-text.js';

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
  @ApiProperty({ required: false, format: 'uuid', description: 'The `next` of the page before' })
  @IsOptional()
  @Matches(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, { message: 'must be the id of a session' })
  after?: string;
}

/** Query of `DELETE /account/sessions`. */
export class EndSessionsQuery {
  @ApiProperty({ required: false, enum: ['true', 'false'], description: 'This session too' })
  @IsOptional()
  @IsIn(['true', 'false'], { message: 'must be true or false' })
  all?: string;
}
