import { expiredSince, type TokenProblem } from '../platform/errors/token-problem.js';
import type { Session, SessionOfUser } from './session.entity.js';
import type { UserState } from './user.entity.js';

/**
 * Returns what ended a session, undefined for a live one. The rotation decides the same in SQL, see
 * `ACCOUNT_CONDITION` in `sessions/rotations.service.ts`.
 * @param session null when its row or its account's row is gone
 * @param now milliseconds since 1970
 */
export function endOf(session: SessionOfUser | null, now: number): TokenProblem | undefined {
  if (session === null) return { code: 'revoked' };
  if (session.revokedAt !== null) return { code: 'revoked', by: session.revokedReason ?? 'logout' };
  if (session.user.disabledAt !== null) return { code: 'account_disabled' };
  // The account's row does not say whether its owner or an operator raised the epoch.
  if (!isOfPresentEpoch(session, session.user)) return { code: 'revoked' };
  return session.expiresAt <= now ? expiredSince(session.expiresAt, now) : undefined;
}

/**
 * Tells whether a session was opened in the present epoch of its account, or was kept when the
 * epoch was raised.
 */
export function isOfPresentEpoch(session: Pick<Session, 'id' | 'userEpoch'>, user: UserState): boolean {
  return session.userEpoch === user.sessionEpoch || session.id === keptSessionOf(user);
}

/**
 * Returns the id of the session that lives on although it was opened in an earlier epoch, if there
 * is one.
 */
export function keptSessionOf({ keptSessionId, keptEpoch, sessionEpoch }: UserState): string | undefined {
  return keptSessionId !== null && keptEpoch === sessionEpoch ? keptSessionId : undefined;
}
