import { isIP } from 'node:net';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { Origin } from '../../events/origin.js';
import { routeOf } from '../../platform/http/dialect/dialect.js';

/** By the first segment of their paths. */
const CONTRACTS: Readonly<Record<string, string>> = { auth: 'A', user: 'B', oauth: 'oauth' };

/** Parameter decorator: where a request came from. */
export const RequestOrigin = createParamDecorator((_: unknown, context: ExecutionContext): Origin =>
  originOf(context.switchToHttp().getRequest<FastifyRequest>()),
);

/** See {@link RequestOrigin}. */
export function originOf(request: FastifyRequest): Origin {
  return {
    userAgent: request.headers['user-agent'] ?? '',
    address: plainAddress(request.ip),
    contract: CONTRACTS[routeOf(request).split('/', 2)[1] ?? ''] ?? 'account',
    requestId: request.id,
  };
}

/**
 * Returns an address without its zone (RFC 4007), which is of any length and means nothing elsewhere. Empty where there is none:
 * a trusted proxy may forward anything, and a peer that has disconnected has no address any more.
 */
function plainAddress(text: string): string {
  return isIP(text) ? (text.split('%', 1)[0] ?? '') : '';
}
