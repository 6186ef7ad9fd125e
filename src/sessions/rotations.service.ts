import { Inject, Injectable } from '@nestjs/common';
import { Clock } from '../platform/clock/clock.js';
import { CONFIG, type Config } from '../platform/config/config.js';
import { batched } from '../platform/database/batched.js';
import { bySize, padded, placesOf } from '../platform/database/padded.js';
import { retrying, retryingRepeatable } from '../platform/database/retrying.js';
import { StatementsService, type Value } from '../platform/database/statements.service.js';
import { isConflict } from '../platform/database/store-errors.js';
import { endOf } from '../users/liveness.js';
import type { Session } from '../users/session.entity.js';
import { purgeDay, SessionsRepository } from '../users/sessions.repository.js';

/** The current refresh token of a session, and the state that its successor gives the session. */
export type Rotation = Pick<Session, 'id' | 'userId' | 'refreshHash'> & {
  readonly next: Pick<Session, 'refreshHash' | 'refreshedAt' | 'expiresAt'>;
};

/**
 * Statements at a time, and sessions of one. Few, since each may wait for a lock and holds a
 * connection meanwhile.
 */
const BATCHED = { underWay: 2, size: 32 };
const ALONE = { underWay: 2, size: 1 };

/**
 * The rule of `endOf` about the account of a session, in SQL, since the UPDATE decides whether the
 * session is live.
 */
const ACCOUNT_CONDITION = `EXISTS (
  SELECT 1 FROM users
  WHERE users.id = sessions.user_id AND users.disabled_at IS NULL
    AND (users.session_epoch = sessions.user_epoch
      OR (users.kept_session_id = sessions.id AND users.kept_epoch = users.session_epoch)))`;

// `refresh_hash` is set last: MySQL assigns from left to right, and the batch selects values by the
// old hash.

const ROTATE_ONE = `
  UPDATE sessions
  SET refresh_counter = refresh_counter + 1, last_used_at = ?,
    refreshed_at = ?, expires_at = ?, purge_day = ?, refresh_hash = ?
  WHERE id = ? AND refresh_hash = ? AND revoked_at IS NULL AND expires_at > ?
    AND user_id = ? AND ends_at >= ? AND ${ACCOUNT_CONDITION}`;

const ROTATE_MANY = bySize((count) => {
  const places = placesOf(count);
  // The value of this row's session. Hashes are unique, so each selects one session.
  const own = `CASE refresh_hash ${'WHEN ? THEN ? '.repeat(count)}END`;
  return `
  UPDATE sessions
  SET refresh_counter = refresh_counter + 1, last_used_at = ?,
    refreshed_at = ${own}, expires_at = ${own}, purge_day = ${own}, refresh_hash = ${own}
  WHERE id IN ${places} AND refresh_hash IN ${places} AND revoked_at IS NULL AND expires_at > ?
    AND user_id = ${own} AND ends_at >= ${own} AND ${ACCOUNT_CONDITION}`;
});

/** Rotates refresh tokens in the database. */
@Injectable()
export class RotationsService {
  /**
   * Results are undefined where nothing was written because one session of the batch was locked.
   */
  private readonly rotateBatched: (rotation: Rotation) => Promise<boolean | undefined>;
  private readonly rotateAlone: (rotation: Rotation) => Promise<boolean>;

  constructor(
    private readonly statements: StatementsService,
    private readonly sessionRows: SessionsRepository,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: Config,
  ) {
    const { DATABASE_TIMEOUT, REFRESH_REPLAY_WINDOW } = config;
    // Written after the window, a rotation would turn the client's retry of a lost answer into a
    // replay.
    const patienceMs = Math.min(DATABASE_TIMEOUT, REFRESH_REPLAY_WINDOW / 2) * 1000;
    this.rotateBatched = batched((rotations) => this.rotateMany(rotations), { ...BATCHED, patienceMs });
    this.rotateAlone = batched((rotations) => Promise.all(rotations.map((rotation) => this.rotateOne(rotation))), {
      ...ALONE,
      patienceMs,
    });
  }

  /**
   * Replaces the current refresh token of a live session by its successor, if it still is the
   * current one. One conditional UPDATE, so that concurrent refreshes and logouts take effect one
   * after the other. Rotations that arrive while others are being written share a statement.
   * @returns whether the successor is the current token now
   */
  async rotate(rotation: Rotation): Promise<boolean> {
    // In a batch, two equal requests both succeed. Without a window, only one of them may.
    if (this.config.REFRESH_REPLAY_WINDOW === 0) return this.rotateOne(rotation);
    return (await this.rotateBatched(rotation)) ?? this.rotateAlone(rotation);
  }

  private async rotateOne(rotation: Rotation): Promise<boolean> {
    const write = () => this.statements.write(ROTATE_ONE, valuesOf([rotation], this.clock.now()));
    return (await retrying(write)) === 1;
  }

  private async rotateMany(rotations: readonly Rotation[]): Promise<(boolean | undefined)[]> {
    try {
      const rotated = await retryingRepeatable(() => this.writeMany(rotations));
      if (rotated === rotations.length || rotations.length === 1) return rotations.map(() => rotated > 0);
    } catch (error) {
      // One locked row must not delay the other sessions of the batch.
      if (rotations.length > 1 && isConflict(error)) return rotations.map(() => undefined);
      throw error;
    }
    return Promise.all(rotations.map((rotation) => this.isRotated(rotation)));
  }

  private writeMany(rotations: readonly Rotation[]): Promise<number> {
    const all = padded(rotations);
    const sql = all.length === 1 ? ROTATE_ONE : ROTATE_MANY(all.length);
    return this.statements.batched.write(sql, valuesOf(all, this.clock.now()));
  }

  private async isRotated({ id, next }: Rotation): Promise<boolean> {
    const session = await this.sessionRows.find(id);
    return endOf(session, this.clock.now()) === undefined && session?.refreshHash === next.refreshHash;
  }
}

/** Returns the values of both statements, in the order of their text. */
function valuesOf(rotations: readonly Rotation[], now: number): Value[] {
  const own = (valueOf: (rotation: Rotation) => Value) =>
    rotations.length === 1
      ? rotations.map(valueOf)
      : rotations.flatMap((rotation) => [rotation.refreshHash, valueOf(rotation)]);
  return [
    now,
    ...own(({ next }) => next.refreshedAt),
    ...own(({ next }) => next.expiresAt),
    ...own(({ next }) => purgeDay(next.expiresAt)),
    ...own(({ next }) => next.refreshHash),
    ...rotations.map(({ id }) => id),
    ...rotations.map(({ refreshHash }) => refreshHash),
    now,
    ...own(({ userId }) => userId),
    ...own(({ next }) => next.expiresAt),
  ];
}
