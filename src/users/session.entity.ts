import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import { TimeColumn } from '../platform/database/columns.js';
import type { RevocationReason } from '../platform/errors/token-problem.js';
import { User, type UserState } from './user.entity.js';

/**
 * One login, from its first token pair to its end. A refresh changes the row and never adds one.
 */
@Entity('sessions')
export class Session {
  /** UUID version 7, the `sid` of its tokens. */
  @PrimaryColumn({ type: 'varchar', length: 36 })
  id!: string;

  @Column({ name: 'user_id', type: 'varchar', length: 36 })
  userId!: string;

  @ManyToOne(() => User, { createForeignKeyConstraints: false })
  @JoinColumn({ name: 'user_id' })
  user?: User;

  /** The account's `sessionEpoch` when the session was opened. */
  @Column({ name: 'user_epoch', type: 'int' })
  userEpoch!: number;

  /** SHA-256 of the current refresh token, in hexadecimal. */
  @Column({ name: 'refresh_hash', type: 'varchar', length: 64 })
  refreshHash!: string;

  /** How many times the refresh token was rotated. */
  @Column({ name: 'refresh_counter', type: 'int' })
  refreshCounter!: number;

  @TimeColumn({ name: 'created_at' })
  createdAt!: number;

  /** When the current refresh token was made. */
  @TimeColumn({ name: 'refreshed_at' })
  refreshedAt!: number;

  /** Accurate to a minute. */
  @TimeColumn({ name: 'last_used_at' })
  lastUsedAt!: number;

  /** When the session ends unless it is refreshed before. */
  @TimeColumn({ name: 'expires_at' })
  expiresAt!: number;

  /** When the session ends however often it is refreshed. */
  @TimeColumn({ name: 'ends_at' })
  endsAt!: number;

  @TimeColumn({ name: 'revoked_at', nullable: true })
  revokedAt!: number | null;

  @Column({ name: 'revoked_reason', type: 'varchar', length: 32, nullable: true })
  revokedReason!: RevocationReason | null;

  @Column({ name: 'user_agent', type: 'varchar', length: 255 })
  userAgent!: string;

  @Column({ type: 'varchar', length: 45 })
  address!: string;

  /**
   * The day from which the row may be removed, counted from 1970. Coarse, so that a refresh seldom
   * moves the row in the index of this column.
   */
  @Column({ name: 'purge_day', type: 'int' })
  purgeDay!: number;
}

/** The columns that tell whether a session is alive, and which refresh token is its current one. */
export type SessionState = Pick<Session, (typeof SESSION_STATE)[number]>;

/** A session together with its account. */
export type SessionOfUser = SessionState & { readonly user: UserState };

export const SESSION_STATE = [
  'id',
  'userId',
  'userEpoch',
  'refreshHash',
  'refreshCounter',
  'refreshedAt',
  'lastUsedAt',
  'expiresAt',
  'endsAt',
  'revokedAt',
  'revokedReason',
] as const satisfies (keyof Session)[];
