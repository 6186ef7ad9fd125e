import { isIP } from 'node:net';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { Device } from '../../users/sessions.service.js';

/** Parameter decorator: the client that sends a request, as its session will remember it. */
export const FromDevice = createParamDecorator((_: unknown, context: ExecutionContext): Device => {
  const request = context.switchToHttp().getRequest<FastifyRequest>();
  // A trusted proxy may forward anything, and a peer that has hung up has no address any more.
  return { userAgent: request.headers['user-agent'] ?? '', address: isIP(request.ip) ? request.ip : '' };
});
