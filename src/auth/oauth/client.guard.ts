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
    const { id, secrets } = basicCredentials(authorization);
    const expected = this.hashes.get(id);
    if (expected && secrets.some((secret) => timingSafeEqual(digest(secret), expected))) return true;
    throw new AuthError({ code: 'client_not_authenticated' });
  }
}

/** Secrets are random and long, which a fast hash serves; comparing hashes tells nothing of where they differ. */
function digest(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

/** The id, and the secret as it was sent and as it reads if it was form-encoded first, which the RFC asks for and most clients do not do. */
function basicCredentials(authorization: string): { id: string; secrets: string[] } {
  const encoded = /^Basic +([\w+/=-]+)$/i.exec(authorization)?.[1] ?? '';
  const [id = '', ...rest] = Buffer.from(encoded, 'base64').toString().split(':');
  const secret = rest.join(':');
  return { id: formDecoded(id), secrets: [secret, formDecoded(secret)] };
}

function formDecoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}
