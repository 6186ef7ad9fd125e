import { createHash, timingSafeEqual } from 'node:crypto';
import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { CONFIG, type Config } from '../../config/config.js';
import { AuthError } from '../../errors/failure.error.js';

/** Lets the clients of `INTROSPECTION_CLIENTS` through, who authenticate by HTTP Basic (RFC 6749 section 2.3.1). */
@Injectable()
export class ClientGuard implements CanActivate {
  private readonly hashes: ReadonlyMap<string, Buffer>;

  constructor(@Inject(CONFIG) { INTROSPECTION_CLIENTS }: Config) {
    this.hashes = new Map(
      INTROSPECTION_CLIENTS.map((client) => {
        const [id = '', hash = ''] = client.split(':');
        return [id, Buffer.from(hash, 'hex')];
      }),
    );
  }

  canActivate(context: ExecutionContext): boolean {
    const { authorization = '' } = context.switchToHttp().getRequest<FastifyRequest>().headers;
    const [id, secret] = basicCredentials(authorization);
    const expected = this.hashes.get(id);
    // Secrets are random and long, which a fast hash serves; comparing hashes tells nothing of where they differ.
    const given = createHash('sha256').update(secret).digest();
    if (expected && timingSafeEqual(given, expected)) return true;
    throw new AuthError({ code: 'client_not_authenticated' });
  }
}

/** Id and secret, each form-encoded before they were put together; empty for anything else. */
function basicCredentials(authorization: string): [id: string, secret: string] {
  const encoded = /^Basic +([\w+/=-]+)$/i.exec(authorization)?.[1] ?? '';
  const [id = '', ...secret] = Buffer.from(encoded, 'base64').toString().split(':');
  try {
    return [decode(id), decode(secret.join(':'))];
  } catch {
    return ['', ''];
  }
}

function decode(text: string): string {
  return decodeURIComponent(text.replaceAll('+', ' '));
}
