import { type ExecutionContext, Injectable, mixin, type Type } from '@nestjs/common';
import { AuthGuard, type IAuthGuard } from '@nestjs/passport';
import type { FastifyRequest } from 'fastify';
import { FailureError } from '../../platform/errors/failure.error.js';
import { RequestPipe } from '../../platform/http/body/request.pipe.js';
import { watchDisconnect } from '../decorators/client-disconnected.decorator.js';
import { LocalStrategy } from '../strategies/local.strategy.js';
import { ownStrategy } from './own-strategy.js';

/**
 * Returns a guard that admits requests with a valid username and password, and sets `request.user`
 * to the account. Guards run before pipes, so the guard validates the body.
 * @param Credentials DTO of the body, with `username` and `password`
 */
export function LocalAuthGuard(Credentials: Type<{ username: string; password: string }>): Type<IAuthGuard> {
  @Injectable()
  class LocalAuthGuardOf extends AuthGuard() {
    private readonly pipe = new RequestPipe();

    constructor(strategy: LocalStrategy) {
      super(ownStrategy(strategy));
    }

    override async canActivate(context: ExecutionContext): Promise<boolean> {
      const request = context.switchToHttp().getRequest<FastifyRequest>();
      watchDisconnect(context);
      request.body = this.pipe.parse(request.body, Credentials);
      return (await super.canActivate(context)) as boolean;
    }

    override handleRequest<User>(error: Error | null, user: User | false): User {
      if (error) throw error;
      if (!user) throw new FailureError({ code: 'invalid_credentials' });
      return user;
    }
  }
  return mixin(LocalAuthGuardOf);
}
