import { randomUUID } from 'node:crypto';
import type { AuthModuleOptions } from '@nestjs/passport';
import passport, { type Strategy } from 'passport';

/**
 * Options of a guard that asks this very strategy. Passport's registry of names is the process's: under the name of its kind,
 * of two applications the later one would answer for both. Not the strategy itself instead of a name, although Passport
 * takes one: it would hang each request's callbacks on that one object, and give a login's account to another's request.
 */
export function ownStrategy(strategy: Strategy): AuthModuleOptions {
  const name = randomUUID();
  passport.use(name, strategy);
  return { defaultStrategy: name };
}
