import { ApiProperty } from '@nestjs/swagger';
import { IsText } from '../../../platform/http/body/is-text.js';

/** Body of `POST /user/login`. */
export class LoginDto {
  @ApiProperty({ description: 'A username or an email', example: 'bob@example.com' })
  @IsText()
  username!: string;

  @ApiProperty({ format: 'password', example: 'correct horse battery staple' })
  @IsText({ verbatim: true })
  password!: string;
}

/** Body of `POST /user/login/refresh`. */
export class LoginRefreshDto {
  @ApiProperty({ example: '<refresh-token>' })
  @IsText()
  refresh_token!: string;
}

/** Body of `DELETE /user/login`. */
export class LogoutDto {
  @ApiProperty({ example: '<access-token>' })
  @IsText()
  access_token!: string;

  @ApiProperty({ example: '<refresh-token>' })
  @IsText()
  refresh_token!: string;
}

/** Body of `POST /user/signup`. */
export class SignupDto {
  @ApiProperty({ example: 'bob' })
  @IsText()
  username!: string;

  @ApiProperty({ example: 'bob@example.com' })
  @IsText()
  email!: string;

  @ApiProperty({ format: 'password', example: 'correct horse battery staple' })
  @IsText({ verbatim: true })
  password!: string;

  @ApiProperty({ description: 'May be empty', example: 'Bob' })
  @IsText({ blank: true })
  first_name!: string;

  @ApiProperty({ description: 'May be empty', example: 'Example' })
  @IsText({ blank: true })
  last_name!: string;
}
