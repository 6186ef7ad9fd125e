import { randomUUID } from 'node:crypto';
import type { AuthModuleOptions } from '@nestjs/passport';
import passport, { type Strategy } from 'passport';

/**
 * Returns the options of a guard that uses the given strategy, registered under a unique name.
 * Passport's registry is global: with two applications in one process, as in tests, the second
 * would replace the first's strategy. Passport also takes the strategy itself in place of a name.
 * But then it sets the callbacks of each request on that one object, and concurrent requests would
 * get each other's accounts.
 */
export function ownStrategy(strategy: Strategy): AuthModuleOptions {
  const name = randomUUID();
  passport.use(name, strategy);
  return { defaultStrategy: name };
}
