import { randomUUID } from 'node:crypto';
import type { AuthModuleOptions } from '@nestjs/passport';
import passport, { type Strategy } from 'passport';

/**
 * Returns the options of a guard that uses this very strategy, registered under a name of its own.
 * Passport's registry is global: with two applications in one process, as in tests, the second
 * would replace the first's strategy. Passport takes the strategy itself instead of a name too, but
 * then sets each request's callbacks on that one object, so that concurrent requests would get each
 * other's accounts.
 */
export function ownStrategy(strategy: Strategy): AuthModuleOptions {
  const name = randomUUID();
  passport.use(name, strategy);
  return { defaultStrategy: name };
}
