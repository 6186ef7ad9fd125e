import { type ExecutionContext, Injectable } from '@nestjs/common';
import { AuthGuard } from '@nestjs/passport';
import type { FastifyRequest } from 'fastify';
import { FailureError } from '../../platform/errors/failure.error.js';
import { JwtStrategy } from '../strategies/jwt.strategy.js';
import { ownStrategy } from './own-strategy.js';

/**
 * Admits requests with a valid access token, and sets `request.user` to the session with its
 * account.
 */
@Injectable()
export class JwtAuthGuard extends AuthGuard() {
  constructor(strategy: JwtStrategy) {
    super(ownStrategy(strategy));
  }

  override handleRequest<User>(error: Error | null, user: User | false, _: unknown, context: ExecutionContext): User {
    if (error) throw error;
    if (user) return user;
    const { authorization } = context.switchToHttp().getRequest<FastifyRequest>().headers;
    throw new FailureError({ code: authorization ? 'token_not_valid' : 'token_missing' });
  }
}
