import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import type { FastifyRequest } from 'fastify';
import { Strategy } from 'passport-local';
import { LoginService } from '../../identity/login.service.js';
import type { UserState } from '../../users/user.entity.js';
import { originOf } from '../decorators/request-origin.decorator.js';

/**
 * Authenticates a username and a password from the body. The guard has validated the body, because
 * this strategy would look for a missing field in the query string.
 */
@Injectable()
export class LocalStrategy extends PassportStrategy(Strategy) {
  constructor(private readonly login: LoginService) {
    super({ passReqToCallback: true });
  }

  validate(request: FastifyRequest, username: string, password: string): Promise<UserState> {
    return this.login.authenticate(username, password, originOf(request), request.disconnected);
  }
}
