import { Controller, Get, Header } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { ApiJwks } from './jwks.docs.js';
import type { PublicJwk } from './key-pair.js';
import { SigningKeysService } from './signing-keys.service.js';

interface Jwk extends PublicJwk {
  readonly kid: string;
  readonly alg: string;
  readonly use: string;
}

@ApiTags('keys')
@Controller('.well-known')
export class JwksController {
  constructor(private readonly keys: SigningKeysService) {}

  /** The public keys, by which anybody can verify an access token without asking (RFC 7517). */
  @ApiJwks()
  @Get('jwks.json')
  @Header('Cache-Control', 'public, max-age=300')
  jwks(): { keys: Jwk[] } {
    return { keys: this.keys.all.map(({ kid, publicJwk }) => ({ ...publicJwk, kid, alg: 'ES256', use: 'sig' })) };
  }
}
