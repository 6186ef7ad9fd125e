import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsOptional } from 'class-validator';
import { IsText } from '../../http/is-text.js';

/** Body of `POST /account/password`. */
export class PasswordChangeDto {
  @ApiProperty({ format: 'password', example: 'correct horse battery staple' })
  @IsText({ verbatim: true })
  current_password!: string;

  @ApiProperty({ format: 'password', example: 'correct horse battery staple' })
  @IsText({ verbatim: true })
  new_password!: string;
}

/** Query of `DELETE /account/sessions`. */
export class EndSessionsQuery {
  @ApiProperty({ required: false, enum: ['true', 'false'], description: 'This session too' })
  @IsOptional()
  @IsIn(['true', 'false'], { message: 'must be true or false' })
  all?: string;
}
