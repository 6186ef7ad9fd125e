import type { RevocationReason } from '../users/session.entity.js';
import { isOfPresentEpoch, type SessionOfUser } from '../users/sessions.repository.js';

const REVOKED: Record<RevocationReason, string> = {
  logout: 'revoked by logout',
  replay: 'revoked by replay',
  owner: 'revoked by its owner',
  client: 'revoked by the client',
  limit: 'revoked for newer logins',
};

/**
 * Why a session is not alive, in words for the holder of its tokens; undefined for one that is.
 * @param session null: its row is gone, or its account's
 * @param now milliseconds since 1970
 */
export function endOf(session: SessionOfUser | null, now: number): string | undefined {
  if (session === null) return 'revoked';
  if (session.revokedAt !== null) return REVOKED[session.revokedReason ?? 'logout'];
  if (session.user.disabledAt !== null) return 'account disabled';
  // By its owner or by an operator; the account's row does not say.
  if (!isOfPresentEpoch(session, session.user)) return 'revoked';
  return session.expiresAt <= now ? expiredSince(session.expiresAt, now) : undefined;
}

/** Both in milliseconds since 1970. */
export function expiredSince(end: number, now: number): string {
  return `expired ${Math.floor((now - end) / 1000)} seconds ago`;
}
