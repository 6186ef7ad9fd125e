import { ApiProperty } from '@nestjs/swagger';
import { ValidateIf } from 'class-validator';
import { IsText } from '../../../platform/http/body/is-text.js';

/** Body of `POST /auth/token` and `POST /auth/register`. */
export class CredentialsDto {
  @ApiProperty({ example: 'alice' })
  @IsText()
  username!: string;

  @ApiProperty({ format: 'password', example: 'correct horse battery staple' })
  @IsText({ verbatim: true })
  password!: string;
}

/** Body of `POST /auth/token/verify`. */
export class VerifyDto {
  @ApiProperty({ description: 'An access token', example: '<access-token>' })
  @IsText()
  token!: string;
}

/**
 * Body of `POST /auth/token/refresh`. The contract prints this URL for verifying too: a lone
 * `token` is verified.
 */
export class RefreshDto {
  @ApiProperty({ description: 'A refresh token', example: '<refresh-token>' })
  @ValidateIf((body: RefreshDto) => !asksToVerify(body))
  @IsText()
  refresh!: string;

  @ValidateIf(asksToVerify)
  @IsText()
  token?: string;
}

/** Returns whether a refresh body asks for verification. */
export function asksToVerify(body: Partial<RefreshDto>): body is { token: string } {
  return body.refresh === undefined && body.token !== undefined;
}
