import { Inject, Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { In, IsNull, LessThan, MoreThan, Repository } from 'typeorm';
import { Clock } from '../clock/clock.js';
import { CONFIG, type Config } from '../config/config.js';
import { EntityColumns, Selection } from '../database/entity-columns.js';
import { gathered } from '../database/gathered.js';
import { bySize, padded, placesOf } from '../database/padded.js';
import { retrying, retryingRepeatable } from '../database/retrying.js';
import { StatementsService } from '../database/statements.service.js';
import { type RevocationReason, Session, SESSION_STATE, type SessionState } from './session.entity.js';
import { User, USER_STATE, type UserState } from './user.entity.js';

/** A session together with its account. */
export type SessionOfUser = SessionState & { readonly user: UserState };

/** A session that is opened. */
export type NewSession = Omit<Session, 'user' | 'lastUsedAt' | 'revokedAt' | 'revokedReason' | 'purgeDay'>;

const DAY_MS = 86_400_000;

/** Statements under way and sessions of one at a time, when many are looked for at once. */
const LOOKUPS = { underWay: 2, size: 64 };

const NEW_SESSION = new EntityColumns(Session, [...SESSION_STATE, 'createdAt', 'userAgent', 'address', 'purgeDay']);
const STATE = new Selection(Session, SESSION_STATE, 's');
const OWNER = new Selection(User, USER_STATE, 'u');

const INSERT = `INSERT INTO sessions ${NEW_SESSION.insertion}`;
const SELECT = `SELECT ${STATE.text}, ${OWNER.text} FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.id IN`;
const find = bySize((count) => `${SELECT} ${placesOf(count)}`);

const REVOKE =
  'UPDATE sessions SET revoked_at = ?, revoked_reason = ?, purge_day = ? WHERE id = ? AND revoked_at IS NULL';

/** The sessions, one row a login. */
@Injectable()
export class SessionsService {
  /** The session and its account, one indexed read, whatever state they are in. */
  readonly find: (id: string) => Promise<SessionOfUser | null>;

  constructor(
    @InjectRepository(Session) private readonly sessions: Repository<Session>,
    private readonly statements: StatementsService,
    private readonly clock: Clock,
    @Inject(CONFIG) { DATABASE_TIMEOUT }: Config,
  ) {
    const patienceMs = DATABASE_TIMEOUT * 1000;
    this.find = gathered((ids: readonly string[]) => this.findAll(ids), { ...LOOKUPS, patienceMs });
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

  private async findAll(ids: readonly string[]): Promise<(SessionOfUser | null)[]> {
    const keys = padded(ids);
    const rows = await retryingRepeatable(() => this.statements.read(find(keys.length), keys));
    const found = new Map(rows.map((row) => [row['s_id'], { ...STATE.read(row), user: OWNER.read(row) }]));
    return ids.map((id) => found.get(id) ?? null);
  }
}

/** Whether the account has not ended its sessions since this one was opened, or kept this one when it did. */
export function isOfPresentEpoch(session: Pick<Session, 'id' | 'userEpoch'>, user: UserState): boolean {
  if (session.userEpoch === user.sessionEpoch) return true;
  return user.keptSessionId === session.id && user.keptEpoch === user.sessionEpoch;
}

/** The day from which on the row of a session may be removed, counted from 1970. @param endsAt milliseconds */
export function purgeDay(endsAt: number): number {
  return Math.floor(endsAt / DAY_MS) + 1;
}
