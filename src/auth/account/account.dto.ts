import { ApiProperty } from '@nestjs/swagger';
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
