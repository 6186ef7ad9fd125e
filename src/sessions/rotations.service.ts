import { Inject, Injectable } from '@nestjs/common';
import { Clock } from '../platform/clock/clock.js';
import { CONFIG, type Config } from '../platform/config/config.js';
import { batched } from '../platform/database/batched.js';
import { bySize, padded, placesOf } from '../platform/database/padded.js';
import { retrying, retryingRepeatable } from '../platform/database/retrying.js';
import { type Statements, StatementsService, type Value } from '../platform/database/statements.service.js';
import { isConflict } from '../platform/database/store-errors.js';
import { endOf } from './session-end.js';
import type { Session } from '../users/session.entity.js';
import { purgeDay, SessionsRepository } from '../users/sessions.repository.js';

/** A refresh token that is spent, the current one of a session, and what its successor makes of the session. */
export type Rotation = Pick<Session, 'id' | 'userId' | 'refreshHash'> & {
  readonly next: Pick<Session, 'refreshHash' | 'refreshedAt' | 'expiresAt'>;
};

/** Statements under way and sessions of one at a time, when many are refreshed at once. Few, since each may wait for a lock and keeps its connection meanwhile. */
const TOGETHER = { underWay: 2, size: 32 };
const ALONE = { underWay: 2, size: 1 };

/** A part of the statement that takes a value of each rotation. */
type Part = readonly [sql: string, valueOf: (rotation: Rotation) => Value];

/** The hash last: MySQL assigns from left to right, and the others go by it. */
const CHANGES: readonly Part[] = [
  ['refreshed_at =', ({ next }) => next.refreshedAt],
  ['expires_at =', ({ next }) => next.expiresAt],
  ['purge_day =', ({ next }) => purgeDay(next.expiresAt)],
  ['refresh_hash =', ({ next }) => next.refreshHash],
];
const CONDITIONS: readonly Part[] = [
  ['user_id =', ({ userId }) => userId],
  ['ends_at >=', ({ next }) => next.expiresAt],
];

/** Spends refresh tokens. */
@Injectable()
export class RotationsService {
  /** Undefined: nothing was written, for one of them stood in the way. */
  private readonly together: (rotation: Rotation) => Promise<boolean | undefined>;
  private readonly alone: (rotation: Rotation) => Promise<boolean>;

  constructor(
    private readonly statements: StatementsService,
    private readonly sessions: SessionsRepository,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: Config,
  ) {
    const { DATABASE_TIMEOUT, REFRESH_REPLAY_WINDOW } = config;
    // Written after its window, a rotation would make a replay of whoever asks for the lost answer.
    const patienceMs = Math.min(DATABASE_TIMEOUT, REFRESH_REPLAY_WINDOW / 2) * 1000;
    this.together = batched((rotations) => this.rotateAll(rotations), { ...TOGETHER, patienceMs });
    this.alone = batched((rotations) => Promise.all(rotations.map((one) => this.rotateOne(one))), {
      ...ALONE,
      patienceMs,
    });
  }

  /**
   * Replaces the current refresh token by its successor, if it still is the current one of a living session: one statement,
   * so that of several refreshes and logouts at once exactly one comes first. Those that come while others are written share one.
   * @returns whether the successor is the current one now
   */
  async rotate(rotation: Rotation): Promise<boolean> {
    // Written together, two equal requests are both told that it was they. Without a window only one of them may be.
    if (this.config.REFRESH_REPLAY_WINDOW === 0) return this.rotateOne(rotation);
    return (await this.together(rotation)) ?? this.alone(rotation);
  }

  private async rotateOne(rotation: Rotation): Promise<boolean> {
    return (await retrying(() => this.write([rotation]))) === 1;
  }

  private async rotateAll(rotations: readonly Rotation[]): Promise<(boolean | undefined)[]> {
    try {
      const rotated = await retryingRepeatable(() => this.write(rotations, this.statements.batched));
      if (rotated === rotations.length || rotations.length === 1) return rotations.map(() => rotated > 0);
    } catch (error) {
      // The row of one session is locked. That must not be the matter of those that came with it.
      if (rotations.length > 1 && isConflict(error)) return rotations.map(() => undefined);
      throw error;
    }
    return Promise.all(rotations.map((rotation) => this.isRotated(rotation)));
  }

  private async isRotated({ id, next }: Rotation): Promise<boolean> {
    const session = await this.sessions.find(id);
    return endOf(session, this.clock.now()) === undefined && session?.refreshHash === next.refreshHash;
  }

  private write(rotations: readonly Rotation[], statements: Statements = this.statements): Promise<number> {
    const all = padded(rotations);
    const now = this.clock.now();
    const spent = all.map(({ refreshHash }) => refreshHash);
    const valuesOf = (parts: readonly Part[]) => parts.flatMap(([, valueOf]) => ownValues(all, valueOf));
    const changed = [now, ...valuesOf(CHANGES)];
    const found = [...all.map(({ id }) => id), ...spent, now, ...valuesOf(CONDITIONS)];
    return statements.write(statement(all.length), [...changed, ...found]);
  }
}

/**
 * Rotates this many sessions. Who is alive is the rule of {@link endOf} once more, for the one statement that has to decide by itself.
 */
const statement = bySize((count) => {
  const list = placesOf(count);
  const own = ownPlaces(count);
  const sqlOf = (parts: readonly Part[]) => parts.map(([sql]) => `${sql} ${own}`);
  return `
    UPDATE sessions
    SET refresh_counter = refresh_counter + 1, last_used_at = ?, ${sqlOf(CHANGES).join(', ')}
    WHERE id IN ${list} AND refresh_hash IN ${list} AND revoked_at IS NULL AND expires_at > ?
      AND ${sqlOf(CONDITIONS).join(' AND ')}
      AND EXISTS (
        SELECT 1 FROM users
        WHERE users.id = sessions.user_id AND users.disabled_at IS NULL
          AND (users.session_epoch = sessions.user_epoch
            OR (users.kept_session_id = sessions.id AND users.kept_epoch = users.session_epoch)))`;
});

/** What is each session's own: by its hash, which is that of one token, and a token that of one session. One by itself needs no telling apart. */
function ownPlaces(count: number): string {
  return count === 1 ? '?' : `CASE refresh_hash ${'WHEN ? THEN ? '.repeat(count)}END`;
}

/** The values of {@link ownPlaces}. */
function ownValues(rotations: readonly Rotation[], valueOf: Part[1]): Value[] {
  if (rotations.length === 1) return rotations.map(valueOf);
  return rotations.flatMap((rotation) => [rotation.refreshHash, valueOf(rotation)]);
}
