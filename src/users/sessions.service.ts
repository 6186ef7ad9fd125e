import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { IsNull, MoreThan, Repository } from 'typeorm';
import { Clock } from '../clock/clock.js';
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

/** The sessions, one row a login. */
@Injectable()
export class SessionsService {
  constructor(
    @InjectRepository(Session) private readonly sessions: Repository<Session>,
    private readonly clock: Clock,
  ) {}

  async create(session: Omit<Session, 'user' | 'revokedAt' | 'revokedReason'>): Promise<void> {
    await this.sessions.insert({
      ...session,
      userAgent: session.userAgent.slice(0, 255),
      revokedAt: null,
      revokedReason: null,
    });
  }

  /** The session and its account, one indexed read, whatever state they are in. */
  async find(id: string): Promise<SessionOfUser | null> {
    // Not findOne: with a relation it asks the database twice.
    const session = await this.sessions
      .createQueryBuilder('session')
      .innerJoinAndSelect('session.user', 'user')
      .where('session.id = :id', { id })
      .getOne();
    return session as SessionOfUser | null;
  }

  /** Whether its tokens are honoured: neither revoked nor expired, of an account that is enabled and has not ended its sessions since. */
  isAlive(session: SessionOfUser): boolean {
    return (
      session.revokedAt === null &&
      session.expiresAt > this.clock.now() &&
      session.user.disabledAt === null &&
      session.user.sessionEpoch === session.userEpoch
    );
  }

  /**
   * Replaces the current refresh token by its successor, if it still is the current one of a living session:
   * one statement, so that of several refreshes and logouts at once exactly one comes first.
   */
  async rotate(session: Session, rotation: Rotation): Promise<boolean> {
    const current = {
      id: session.id,
      refreshHash: session.refreshHash,
      revokedAt: IsNull(),
      expiresAt: MoreThan(this.clock.now()),
    };
    const { affected } = await this.sessions.update(current, rotation);
    return affected === 1;
  }

  /** Ends a session. Whoever ends it again changes nothing. */
  async revoke(id: string, reason: RevocationReason): Promise<void> {
    await this.sessions.update({ id, revokedAt: IsNull() }, { revokedAt: this.clock.now(), revokedReason: reason });
  }

  /** Removes a session that nobody holds a token of. */
  async remove(id: string): Promise<void> {
    await this.sessions.delete({ id });
  }
}
