import { isIP } from 'node:net';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { Origin } from '../../events/origin.js';

/** Parameter decorator: where a request came from, for events and sessions. */
export const RequestOrigin = createParamDecorator((_: unknown, context: ExecutionContext): Origin =>
  originOf(context.switchToHttp().getRequest<FastifyRequest>()),
);

/** Returns where a request came from, for events and sessions. */
export function originOf(request: FastifyRequest): Origin {
  return {
    userAgent: request.headers['user-agent'] ?? '',
    address: plainAddress(request.ip),
    contract: request.dialect.contract,
    requestId: request.id,
  };
}

/**
 * Returns an address without its zone (RFC 4007), which has any length and means nothing on other
 * machines. Returns an empty text for anything else: a trusted proxy may forward any text, and a
 * disconnected peer has no address.
 */
function plainAddress(text: string): string {
  return isIP(text) ? (text.split('%', 1)[0] ?? '') : '';
}
