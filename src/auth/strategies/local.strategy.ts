import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import { Strategy } from 'passport-local';
import type { User } from '../../users/user.entity.js';
import { AccountsService } from '../accounts.service.js';

/** Username and password, from a body that the guard has validated: the strategy would look into the query string for what is missing. */
@Injectable()
export class LocalStrategy extends PassportStrategy(Strategy) {
  constructor(private readonly accounts: AccountsService) {
    super();
  }

  validate(username: string, password: string): Promise<User> {
    return this.accounts.authenticate(username, password);
  }
}
