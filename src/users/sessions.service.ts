import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { In, IsNull, LessThan, MoreThan, Repository } from 'typeorm';
import { Clock } from '../clock/clock.js';
import { retrying, retryingRead } from '../database/retrying.js';
import { type RevocationReason, Session } from './session.entity.js';
import type { User } from './user.entity.js';

/** What a session remembers of the client that opened it. */
export interface Device {
  readonly userAgent: string;
  readonly address: string;
}

/** A session together with its account. */
export type SessionOfUser = Session & { readonly user: User };

/** The part of a session that a refresh changes. */
export type Rotation = Pick<Session, 'refreshHash' | 'refreshCounter' | 'refreshedAt' | 'expiresAt'>;

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** The sessions, one row a login. */
@Injectable()
export class SessionsService {
  constructor(
    @InjectRepository(Session) private readonly sessions: Repository<Session>,
    private readonly clock: Clock,
  ) {}

  async create(
    session: Omit<Session, 'user' | 'lastUsedAt' | 'revokedAt' | 'revokedReason' | 'purgeDay'>,
  ): Promise<void> {
    await retrying(() =>
      this.sessions.insert({
        ...session,
        userAgent: session.userAgent.slice(0, 255),
        lastUsedAt: session.createdAt,
        revokedAt: null,
        revokedReason: null,
        purgeDay: purgeDay(session.expiresAt),
      }),
    );
  }

  /** The session and its account, one indexed read, whatever state they are in. */
  async find(id: string): Promise<SessionOfUser | null> {
    // Not findOne: with a relation it asks the database twice.
    const session = await retryingRead(() =>
      this.sessions
        .createQueryBuilder('session')
        .innerJoinAndSelect('session.user', 'user')
        .where('session.id = :id', { id })
        .getOne(),
    );
    return session as SessionOfUser | null;
  }

  /** The living sessions of an account, newest first. */
  async ofUser(user: User): Promise<Session[]> {
    const sessions = await this.sessions.find({
      where: { userId: user.id, revokedAt: IsNull(), expiresAt: MoreThan(this.clock.now()) },
      order: { id: 'DESC' },
    });
    return sessions.filter((session) => isOfPresentEpoch(session, user));
  }

  /**
   * Replaces the current refresh token by its successor, if it still is the current one of a living session:
   * one statement, so that of several refreshes and logouts at once exactly one comes first.
   */
  async rotate(session: Session, rotation: Rotation): Promise<boolean> {
    const now = this.clock.now();
    const current = {
      id: session.id,
      refreshHash: session.refreshHash,
      revokedAt: IsNull(),
      expiresAt: MoreThan(now),
    };
    const change = { ...rotation, lastUsedAt: now, purgeDay: purgeDay(rotation.expiresAt) };
    const { affected } = await retrying(() => this.sessions.update(current, change));
    return affected === 1;
  }

  /** Notes that a session was used, at most once a minute. */
  async touch(session: Session): Promise<void> {
    const now = this.clock.now();
    if (now - session.lastUsedAt < MINUTE_MS) return;
    await this.sessions.update({ id: session.id, lastUsedAt: LessThan(now) }, { lastUsedAt: now });
  }

  /**
   * Ends a session. Whoever ends it again changes nothing.
   * @returns whether this call ended it
   */
  async revoke(
    owned: Partial<Pick<Session, 'userId'>> & Pick<Session, 'id'>,
    reason: RevocationReason,
  ): Promise<boolean> {
    const now = this.clock.now();
    const change = { revokedAt: now, revokedReason: reason, purgeDay: purgeDay(now) };
    const { affected } = await retrying(() => this.sessions.update({ ...owned, revokedAt: IsNull() }, change));
    return affected === 1;
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
}

/** Whether the account has not ended its sessions since this one was opened, or kept this one when it did. */
export function isOfPresentEpoch(session: Pick<Session, 'id' | 'userEpoch'>, user: User): boolean {
  if (session.userEpoch === user.sessionEpoch) return true;
  return user.keptSessionId === session.id && user.keptEpoch === user.sessionEpoch;
}

function purgeDay(endsAt: number): number {
  return Math.floor(endsAt / DAY_MS) + 1;
}
