import { Inject, Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { In, IsNull, LessThan, MoreThan, Repository } from 'typeorm';
import { Clock } from '../clock/clock.js';
import { CONFIG, type Config } from '../config/config.js';
import { EntityColumns } from '../database/entity-columns.js';
import { gathered } from '../database/gathered.js';
import { retrying, retryingRead } from '../database/retrying.js';
import { StatementsService, type Value } from '../database/statements.service.js';
import { type RevocationReason, Session, SESSION_STATE, type SessionState } from './session.entity.js';
import { User, USER_STATE, type UserState } from './user.entity.js';

/** A session together with its account. */
export type SessionOfUser = SessionState & { readonly user: UserState };

/** A session that is opened. */
export type NewSession = Omit<Session, 'user' | 'lastUsedAt' | 'revokedAt' | 'revokedReason' | 'purgeDay'>;

/** A refresh token that is spent, the current one of a session, and what its successor makes of the session. */
export type Rotation = Pick<Session, 'id' | 'userId' | 'refreshHash'> & {
  readonly next: Pick<Session, 'refreshHash' | 'refreshedAt' | 'expiresAt'>;
};

const DAY_MS = 86_400_000;

/** Statements under way and sessions of one at a time, when many are looked for, or refreshed, at once. */
const LOOKUPS = { underWay: 2, size: 64 };
const ROTATIONS = { underWay: 2, size: 32 };

const NEW_SESSION = new EntityColumns(Session, [...SESSION_STATE, 'createdAt', 'userAgent', 'address', 'purgeDay']);
const STATE = new EntityColumns(Session, SESSION_STATE);
const OWNER = new EntityColumns(User, USER_STATE);

const INSERT = `INSERT INTO sessions ${NEW_SESSION.insertion}`;
const FIND = `SELECT ${STATE.selection('s')}, ${OWNER.selection('u')} FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.id IN`;

/** The rule of `isOfPresentEpoch` and of disabled accounts once more, for the one statement that has to decide by itself. */
const IS_OF_LIVING_USER = `
  EXISTS (
    SELECT 1 FROM users
    WHERE users.id = sessions.user_id AND users.disabled_at IS NULL
      AND (users.session_epoch = sessions.user_epoch
        OR (users.kept_session_id = sessions.id AND users.kept_epoch = users.session_epoch)))`;

const REVOKE =
  'UPDATE sessions SET revoked_at = ?, revoked_reason = ?, purge_day = ? WHERE id = ? AND revoked_at IS NULL';

/** The sessions, one row a login. */
@Injectable()
export class SessionsService {
  /** The session and its account, one indexed read, whatever state they are in. */
  readonly find = gathered((ids: readonly string[]) => this.findAll(ids), LOOKUPS);

  /**
   * Replaces the current refresh token by its successor, if it still is the current one of a living session:
   * one statement, so that of several refreshes and logouts at once exactly one comes first. Answers whether the successor is
   * the current one now.
   */
  readonly rotate: (rotation: Rotation) => Promise<boolean>;

  constructor(
    @InjectRepository(Session) private readonly sessions: Repository<Session>,
    private readonly statements: StatementsService,
    private readonly clock: Clock,
    @Inject(CONFIG) { REFRESH_REPLAY_WINDOW }: Config,
  ) {
    const rotateAll = (rotations: readonly Rotation[]) => this.rotateAll(rotations);
    // Together, whoever spent a token at the same time elsewhere may be told that it was they: for the same successor,
    // which is what the replay window would have given them, and nothing else may.
    this.rotate =
      REFRESH_REPLAY_WINDOW > 0
        ? gathered(rotateAll, ROTATIONS)
        : async (rotation) => (await rotateAll([rotation]))[0] === true;
  }

  async create(session: NewSession): Promise<void> {
    const row = {
      ...session,
      userAgent: session.userAgent.slice(0, 255),
      lastUsedAt: session.createdAt,
      revokedAt: null,
      revokedReason: null,
      purgeDay: purgeDay(session.expiresAt),
    };
    await retrying(() => this.statements.write(INSERT, NEW_SESSION.valuesOf(row)));
  }

  /** The living sessions of an account, newest first. */
  async ofUser(user: UserState): Promise<Session[]> {
    const sessions = await this.sessions.find({
      where: { userId: user.id, revokedAt: IsNull(), expiresAt: MoreThan(this.clock.now()) },
      order: { id: 'DESC' },
    });
    return sessions.filter((session) => isOfPresentEpoch(session, user));
  }

  /** Notes when sessions were used. */
  async touch(ids: readonly string[], now: number): Promise<void> {
    await retrying(() => this.sessions.update({ id: In(ids), lastUsedAt: LessThan(now) }, { lastUsedAt: now }));
  }

  /**
   * Ends a session. Whoever ends it again changes nothing.
   * @returns whether this call ended it
   */
  async revoke(id: string, reason: RevocationReason): Promise<boolean> {
    const now = this.clock.now();
    return (await retrying(() => this.statements.write(REVOKE, [now, reason, purgeDay(now), id]))) === 1;
  }

  /** Removes a session that nobody holds a token of. */
  async remove(id: string): Promise<void> {
    await retrying(() => this.sessions.delete({ id }));
  }

  /**
   * Removes sessions that ended a day ago or earlier. Reads them without a lock first and removes them by primary key.
   * @returns how many, at most `batch`
   */
  async purge(batch: number): Promise<number> {
    const today = Math.floor(this.clock.now() / DAY_MS);
    const ended = await this.sessions.find({
      select: { id: true },
      where: { purgeDay: LessThan(today) },
      order: { purgeDay: 'ASC' },
      take: batch,
    });
    if (ended.length > 0) await retrying(() => this.sessions.delete({ id: In(ended.map(({ id }) => id)) }));
    return ended.length;
  }

  private async rotateAll(rotations: readonly Rotation[]): Promise<boolean[]> {
    const padded = paddedToPower(rotations);
    const now = this.clock.now();
    const each = (valueOf: (rotation: Rotation) => Value) => padded.flatMap((one) => [one.id, valueOf(one)]);
    const values = [
      ...each(({ next }) => next.refreshHash),
      ...each(({ next }) => next.refreshedAt),
      ...each(({ next }) => next.expiresAt),
      ...each(({ next }) => purgeDay(next.expiresAt)),
      now,
      ...padded.map(({ id }) => id),
      ...each(({ userId }) => userId),
      ...each(({ refreshHash }) => refreshHash),
      ...each(({ next }) => next.expiresAt),
      now,
    ];
    const rotated = await retrying(() => this.statements.write(rotation(padded.length), values));
    if (rotated === rotations.length || rotations.length === 1) return rotations.map(() => rotated > 0);
    const found = await this.findAll(rotations.map(({ id }) => id));
    return rotations.map(({ next }, i) => found[i]?.refreshHash === next.refreshHash);
  }

  private async findAll(ids: readonly string[]): Promise<(SessionOfUser | null)[]> {
    const padded = paddedToPower(ids);
    const sql = `${FIND} (${padded.map(() => '?').join(', ')})`;
    const rows = await retryingRead(() => this.statements.read(sql, padded));
    const found = new Map(rows.map((row) => [row['s_id'], { ...STATE.read('s', row), user: OWNER.read('u', row) }]));
    return ids.map((id) => found.get(id) ?? null);
  }
}

/** The statement that rotates this many sessions, each by its own values. */
function rotation(count: number): string {
  const each = `CASE id ${'WHEN ? THEN ? '.repeat(count)}END`;
  return `
    UPDATE sessions
    SET refresh_hash = ${each}, refresh_counter = refresh_counter + 1, refreshed_at = ${each}, expires_at = ${each},
      purge_day = ${each}, last_used_at = ?
    WHERE id IN (?${', ?'.repeat(count - 1)}) AND user_id = ${each} AND refresh_hash = ${each} AND ends_at >= ${each}
      AND revoked_at IS NULL AND expires_at > ? AND ${IS_OF_LIVING_USER}`;
}

/** Whether the account has not ended its sessions since this one was opened, or kept this one when it did. */
export function isOfPresentEpoch(session: Pick<Session, 'id' | 'userEpoch'>, user: UserState): boolean {
  if (session.userEpoch === user.sessionEpoch) return true;
  return user.keptSessionId === session.id && user.keptEpoch === user.sessionEpoch;
}

/** The first once more until there are a power of two: a few statements to prepare instead of one for each number. */
function paddedToPower<Item>(items: readonly Item[]): Item[] {
  const missing = 2 ** Math.ceil(Math.log2(items.length)) - items.length;
  return [...items, ...items.slice(0, 1).flatMap((first) => new Array<Item>(missing).fill(first))];
}

function purgeDay(endsAt: number): number {
  return Math.floor(endsAt / DAY_MS) + 1;
}
