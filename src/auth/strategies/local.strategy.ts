import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import { Strategy } from 'passport-local';
import type { FastifyRequest } from 'fastify';
import type { UserState } from '../../users/user.entity.js';
import { originOf } from '../decorators/request-origin.decorator.js';
import { AccountsService } from '../../identity/accounts.service.js';

/** Username and password, from a body that the guard has validated: the strategy would look into the query string for what is missing. The guard
 * also hangs on the request whether its sender has hung up. */
@Injectable()
export class LocalStrategy extends PassportStrategy(Strategy) {
  constructor(private readonly accounts: AccountsService) {
    super({ passReqToCallback: true });
  }

  validate(request: FastifyRequest & { hungUp?: AbortSignal }, username: string, password: string): Promise<UserState> {
    return this.accounts.authenticate(username, password, originOf(request), request.hungUp);
  }
}
