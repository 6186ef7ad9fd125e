import { createHash } from 'node:crypto';
import { Controller, Get, Header, Headers, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { ApiJwks } from './jwks.docs.js';
import { JWKS_MAX_AGE } from './key-schedule.js';
import { SigningKeysService } from './signing-keys.service.js';

@ApiTags('keys')
@Controller('.well-known')
export class JwksController {
  constructor(private readonly keys: SigningKeysService) {}

  /** The public keys, by which anybody can verify an access token without asking (RFC 7517). Cacheable, and cheap to ask for again. */
  @ApiJwks()
  @Get('jwks.json')
  @Header('Cache-Control', `public, max-age=${JWKS_MAX_AGE}`)
  async jwks(@Headers('if-none-match') known: string | undefined, @Res() reply: FastifyReply): Promise<void> {
    const keys = await this.keys.verifying();
    const body = JSON.stringify({
      keys: keys.map(({ kid, publicJwk }) => ({ ...publicJwk, kid, alg: 'ES256', use: 'sig' })),
    });
    const etag = `"${createHash('sha256').update(body).digest('base64url')}"`;
    reply.header('ETag', etag).type('application/json');
    if (known?.split(/\s*,\s*/).some((tag) => tag.replace(/^W\//, '') === etag || tag === '*'))
      await reply.code(304).send();
    else await reply.send(body);
  }
}
