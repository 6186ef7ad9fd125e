import { Inject, Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { In, IsNull, LessThan, MoreThan, Repository } from 'typeorm';
import { Clock } from '../platform/clock/clock.js';
import { DAY_MS } from '../platform/clock/durations.js';
import { CONFIG, type Config } from '../platform/config/config.js';
import { batched } from '../platform/database/batched.js';
import { Selection } from '../platform/database/entity-columns.js';
import { bySize, padded, placesOf } from '../platform/database/padded.js';
import { retrying, retryingRepeatable } from '../platform/database/retrying.js';
import { StatementsService } from '../platform/database/statements.service.js';
import type { RevocationReason } from '../platform/errors/token-problem.js';
import { keptSessionOf } from './liveness.js';
import { Session, SESSION_STATE, type SessionOfUser } from './session.entity.js';
import { User, USER_STATE, type UserState } from './user.entity.js';

/** A session to be inserted. */
export type NewSession = Omit<Session, 'user' | 'lastUsedAt' | 'revokedAt' | 'revokedReason' | 'purgeDay'>;

/**
 * Look-ups of sessions that arrive together: statements at a time, and sessions of one statement.
 */
const LOOKUPS = { underWay: 2, size: 64 };

const STATE = new Selection(Session, SESSION_STATE, 's');
const OWNER = new Selection(User, USER_STATE, 'u');

const SELECT = `SELECT ${STATE.text}, ${OWNER.text} FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.id IN`;
const find = bySize((count) => `${SELECT} ${placesOf(count)}`);

const REVOKE =
  'UPDATE sessions SET revoked_at = ?, revoked_reason = ?, purge_day = ? WHERE id = ? AND revoked_at IS NULL';

const REVOKE_OF = `${REVOKE} AND user_id = ? AND expires_at > ? AND (user_epoch = ? OR ? = 1)`;

/**
 * Counts sessions of earlier epochs and expired ones too, so that the index alone answers.
 * `revokeBeyond` then looks at the rows.
 */
const findCrowded = bySize(
  (count) => `
    SELECT user_id FROM sessions
    WHERE user_id IN ${placesOf(count)} AND revoked_at IS NULL
    GROUP BY user_id HAVING COUNT(*) > ?`,
);

/** The most sessions that one call of `revokeBeyond` ends. */
const BEYOND = 200;

/** Sorts after every id. */
const LAST_ID = 'z';

/** Reads and writes the sessions: one row for each login. */
@Injectable()
export class SessionsRepository {
  /**
   * Returns a session and its account by one indexed read, live or ended; null if either row is
   * gone.
   */
  readonly find: (id: string) => Promise<SessionOfUser | null>;

  constructor(
    @InjectRepository(Session) private readonly rows: Repository<Session>,
    private readonly statements: StatementsService,
    private readonly clock: Clock,
    @Inject(CONFIG) { DATABASE_TIMEOUT }: Config,
  ) {
    const patienceMs = DATABASE_TIMEOUT * 1000;
    this.find = batched((ids: readonly string[]) => this.findAll(ids), { ...LOOKUPS, patienceMs });
  }

  /** Inserts a session. */
  async create(session: NewSession): Promise<void> {
    const row = {
      ...session,
      userAgent: session.userAgent.slice(0, 255),
      lastUsedAt: session.createdAt,
      revokedAt: null,
      revokedReason: null,
      purgeDay: purgeDay(session.expiresAt),
    };
    await retrying(() => this.rows.insert(row));
  }

  /**
   * Returns the newest live sessions of an account, newest first.
   * @param before an id: only sessions that were opened before it
   */
  async findOfUser(user: UserState, most: number, before: string = LAST_ID): Promise<Session[]> {
    const ofAccount = { userId: user.id, revokedAt: IsNull(), expiresAt: MoreThan(this.clock.now()) };
    const page = await this.rows.find({
      where: { ...ofAccount, userEpoch: user.sessionEpoch, id: LessThan(before) },
      order: { id: 'DESC' },
      take: most,
    });
    const kept = keptSessionOf(user);
    // A second statement: no index serves both conditions in one.
    if (kept === undefined || kept >= before || page.some(({ id }) => id === kept)) return page;
    const [session] = await this.rows.find({ where: { ...ofAccount, id: kept } });
    return [...page, ...(session ? [session] : [])].sort(byNewest).slice(0, most);
  }

  /**
   * Ends a live session of an account.
   * @returns whether the session is the account's and this call ended it
   */
  async revokeOf(user: UserState, id: string, reason: RevocationReason): Promise<boolean> {
    const now = this.clock.now();
    const isKept = id === keptSessionOf(user) ? 1 : 0;
    const values = [now, reason, purgeDay(now), id, user.id, now, user.sessionEpoch, isKept];
    return (await retrying(() => this.statements.write(REVOKE_OF, values))) === 1;
  }

  /** Returns those of the accounts that may have more than `most` live sessions. */
  async findCrowded(userIds: readonly string[], most: number): Promise<string[]> {
    const keys = padded(userIds);
    const rows = await this.statements.read(findCrowded(keys.length), [...keys, most]);
    return rows.map((row) => String(row['user_id']));
  }

  /**
   * Ends the oldest live sessions of an account, beyond the newest `most`. Ends a limited number at
   * each call.
   * @returns how many were ended
   */
  async revokeBeyond({ id, sessionEpoch }: Pick<UserState, 'id' | 'sessionEpoch'>, most: number): Promise<number> {
    const now = this.clock.now();
    const beyond = await this.rows.find({
      select: { id: true },
      where: { userId: id, revokedAt: IsNull(), userEpoch: sessionEpoch, expiresAt: MoreThan(now) },
      order: { id: 'DESC' },
      skip: most,
      take: BEYOND,
    });
    if (beyond.length === 0) return 0;
    const ended = { revokedAt: now, revokedReason: 'limit' as const, purgeDay: purgeDay(now) };
    const ids = In(beyond.map((session) => session.id));
    await retrying(() => this.rows.update({ id: ids, revokedAt: IsNull() }, ended));
    return beyond.length;
  }

  /** Sets when sessions were last used. Never sets an earlier time than the row has. */
  async touch(ids: readonly string[], now: number): Promise<void> {
    await retrying(() => this.rows.update({ id: In(ids), lastUsedAt: LessThan(now) }, { lastUsedAt: now }));
  }

  /**
   * Ends a session, unless it was revoked before.
   * @returns whether this call ended it
   */
  async revoke(id: string, reason: RevocationReason): Promise<boolean> {
    const now = this.clock.now();
    return (await retrying(() => this.statements.write(REVOKE, [now, reason, purgeDay(now), id]))) === 1;
  }

  /** Removes a session whose tokens were never handed out. */
  async remove(id: string): Promise<void> {
    await retrying(() => this.rows.delete({ id }));
  }

  /**
   * Removes sessions that ended a day ago or earlier. Reads them without a lock and removes them by
   * primary key.
   * @returns how many, at most `batch`
   */
  async purge(batch: number): Promise<number> {
    const today = Math.floor(this.clock.now() / DAY_MS);
    const ended = await this.rows.find({
      select: { id: true },
      where: { purgeDay: LessThan(today) },
      order: { purgeDay: 'ASC' },
      take: batch,
    });
    if (ended.length > 0) await retrying(() => this.rows.delete({ id: In(ended.map(({ id }) => id)) }));
    return ended.length;
  }

  private async findAll(ids: readonly string[]): Promise<(SessionOfUser | null)[]> {
    const keys = padded(ids);
    const rows = await retryingRepeatable(() => this.statements.batched.read(find(keys.length), keys));
    const found = new Map(rows.map((row) => [row['s_id'], { ...STATE.read(row), user: OWNER.read(row) }]));
    return ids.map((id) => found.get(id) ?? null);
  }
}

function byNewest(one: Session, other: Session): number {
  return one.id < other.id ? 1 : -1;
}

/**
 * Returns the day from which a session's row may be removed, counted from 1970.
 * @param endsAt milliseconds
 */
export function purgeDay(endsAt: number): number {
  return Math.floor(endsAt / DAY_MS) + 1;
}
