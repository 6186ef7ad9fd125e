import type { Config } from '../platform/config/config.js';
import type { Session } from '../users/session.entity.js';

/** The part of a session that each refresh token sets. */
type Generation = Pick<Session, 'refreshCounter' | 'refreshedAt' | 'expiresAt'>;

/**
 * Returns the state that a session has from now on with its n-th refresh token: each refresh
 * extends its life, up to its absolute end. Times in milliseconds since 1970.
 */
export function generationOf(
  counter: number,
  endsAt: number,
  now: number,
  { REFRESH_TOKEN_TTL }: Pick<Config, 'REFRESH_TOKEN_TTL'>,
): Generation {
  return { refreshCounter: counter, refreshedAt: now, expiresAt: Math.min(now + REFRESH_TOKEN_TTL * 1000, endsAt) };
}
