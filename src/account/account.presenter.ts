import type { Session } from '../users/session.entity.js';

/** A session as its owner sees it. Times as in RFC 3339. */
export interface SessionView {
  readonly id: string;
  readonly device: string;
  readonly address: string;
  readonly created_at: string;
  readonly last_used_at: string;
  readonly current: boolean;
}

/**
 * Returns a session as its owner sees it.
 * @param currentId the session of the request
 */
export function presentSession(session: Session, currentId: string): SessionView {
  return {
    id: session.id,
    device: session.userAgent,
    address: session.address,
    created_at: new Date(session.createdAt).toISOString(),
    last_used_at: new Date(session.lastUsedAt).toISOString(),
    current: session.id === currentId,
  };
}
