import { ApiProperty } from '@nestjs/swagger';
import { IsText } from '../platform/http/body/is-text.js';

/**
 * Body of `POST /oauth/introspect` (RFC 7662 section 2.1) and of `POST /oauth/revoke` (RFC 7009
 * section 2.1). A `token_type_hint` is ignored.
 */
export class TokenDto {
  @ApiProperty({ example: '<access-token>' })
  @IsText()
  token!: string;
}
