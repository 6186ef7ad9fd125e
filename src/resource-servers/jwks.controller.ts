import { Controller, Get, Header, Headers, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { ApiJwks } from './jwks.openapi.js';
import { JWKS_MAX_AGE } from '../keys/key-schedule.js';
import { KeySets, matchesEtag } from './key-set.js';
import { SigningKeysService } from '../keys/signing-keys.service.js';

@ApiTags('keys')
@Controller('.well-known')
export class JwksController {
  private readonly keySets = new KeySets();

  constructor(private readonly keys: SigningKeysService) {}

  /**
   * Sends the public keys, by which resource servers verify access tokens offline (RFC 7517).
   * Answers 304 to a client that has them.
   */
  @ApiJwks()
  @Get('jwks.json')
  @Header('Cache-Control', `public, max-age=${JWKS_MAX_AGE}`)
  async jwks(@Headers('if-none-match') known: string | undefined, @Res() reply: FastifyReply): Promise<void> {
    const { body, etag } = this.keySets.of(await this.keys.listVerifying());
    reply.header('ETag', etag).type('application/json');
    if (matchesEtag(known, etag)) await reply.code(304).send();
    else await reply.send(body);
  }
}
