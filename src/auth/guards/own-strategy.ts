import type { AuthModuleOptions } from '@nestjs/passport';
import type { Strategy } from 'passport';

/**
 * Options of a guard that asks this very strategy. Named strategies are looked up in a registry of the process, where of two
 * applications the later one would answer for both. Passport takes the strategy itself; only the types ask for a name.
 */
export function ownStrategy(strategy: Strategy): AuthModuleOptions {
  return { defaultStrategy: strategy as unknown as string };
}
