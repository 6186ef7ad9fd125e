import { Injectable } from '@nestjs/common';
import { v7 as uuid } from 'uuid';
import { AuthError } from '../errors/failure.error.js';
import type { FieldProblems } from '../errors/failure.js';
import {
  emailProblems,
  isEmailName,
  nameKey,
  normalizeName,
  personalNameProblems,
  usernameProblems,
} from '../users/names.js';
import type { Device } from '../users/sessions.service.js';
import type { User } from '../users/user.entity.js';
import { type NewUser, UsersService } from '../users/users.service.js';
import { PasswordHasher } from './passwords/password-hasher.js';
import { PasswordPolicy } from './passwords/password-policy.js';
import { AuthSessionsService, type TokenPair } from './auth-sessions.service.js';

/** What a person gives to get an account; each field as typed. */
export interface Registration {
  readonly username: string;
  readonly password: string;
  /** Left out, the account has an email only if the username is one. */
  readonly email?: string;
  readonly first_name?: string;
  readonly last_name?: string;
}

/** Who may have an account, and who is who. */
@Injectable()
export class AccountsService {
  constructor(
    private readonly users: UsersService,
    private readonly sessions: AuthSessionsService,
    private readonly hasher: PasswordHasher,
    private readonly policy: PasswordPolicy,
  ) {}

  /**
   * Makes an account and opens its first session.
   * @throws AuthError `invalid_fields` naming every field against the rules, `user_exists` when the username or the email is taken
   */
  async register(registration: Registration, device: Device): Promise<TokenPair> {
    const names = normalized(registration);
    const fields = { ...nameProblems(names), ...unlessEmpty('password', this.policy.problems(registration.password)) };
    if (Object.keys(fields).length > 0) throw new AuthError({ code: 'invalid_fields', fields });
    // Spares the hash; the unique keys decide in the end.
    if (await this.users.isTaken(names.username, names.email)) throw new AuthError({ code: 'user_exists' });

    const passwordHash = await this.hasher.hash(registration.password);
    return this.createWithSession({ ...names, id: uuid(), passwordHash }, device);
  }

  /**
   * The account of a login name and its password. An unknown name, a disabled account and a wrong password look alike and take as long.
   * @throws AuthError `invalid_credentials`
   */
  async authenticate(loginName: string, password: string): Promise<User> {
    const user = await this.users.findByLoginName(loginName);
    const matches = await this.hasher.verify(user?.passwordHash, password);
    if (!user || !matches || user.disabledAt !== null) throw new AuthError({ code: 'invalid_credentials' });
    if (this.hasher.isOutdated(user.passwordHash))
      await this.users.upgradePasswordHash(user, await this.hasher.hash(password));
    return user;
  }

  /**
   * The session first: a session of nobody is nothing, an account without the answer that it was made is a name lost to its owner.
   * So the one insert of the account decides, and no transaction spans two round trips.
   */
  private async createWithSession(user: NewUser, device: Device): Promise<TokenPair> {
    const { sid, tokens } = await this.sessions.open({ id: user.id, sessionEpoch: 0 }, device);
    try {
      await this.users.create(user);
    } catch (error) {
      if (error instanceof AuthError) await this.sessions.discard(sid);
      throw error;
    }
    return tokens;
  }
}

type Names = Pick<NewUser, 'username' | 'email' | 'firstName' | 'lastName'>;

function normalized({ username, email, first_name = '', last_name = '' }: Registration): Names {
  const name = normalizeName(username);
  const ownEmail = isEmailName(name) ? name : null;
  return {
    username: name,
    email: email === undefined ? ownEmail : normalizeName(email),
    firstName: first_name.trim(),
    lastName: last_name.trim(),
  };
}

function nameProblems({ username, email, firstName, lastName }: Names): FieldProblems {
  return {
    ...unlessEmpty('username', [...usernameProblems(username), ...mismatch(username, email)].slice(0, 1)),
    ...unlessEmpty('email', email === null || email === username ? [] : emailProblems(email)),
    ...unlessEmpty('first_name', personalNameProblems(firstName)),
    ...unlessEmpty('last_name', personalNameProblems(lastName)),
  };
}

/** A username that is an email must be the account's own, or it would let one account go by the other's name. */
function mismatch(username: string, email: string | null): string[] {
  const differs = isEmailName(username) && email !== null && nameKey(username) !== nameKey(email);
  return differs ? ['a username with @ must equal the email'] : [];
}

function unlessEmpty(field: string, problems: string[]): FieldProblems {
  return problems.length > 0 ? { [field]: problems } : {};
}
