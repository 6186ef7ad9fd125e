import { Column, Entity, PrimaryColumn } from 'typeorm';
import { TimeColumn } from '../platform/database/columns.js';

/** An account. */
@Entity('users')
export class User {
  /** UUID version 7. */
  @PrimaryColumn({ type: 'varchar', length: 36 })
  id!: string;

  /** As typed, trimmed and in NFKC. */
  @Column({ type: 'varchar', length: 150 })
  username!: string;

  /** The key that usernames are compared by, see `nameKey`. */
  @Column({ name: 'username_key', type: 'varchar', length: 450 })
  usernameKey!: string;

  @Column({ type: 'varchar', length: 254, nullable: true })
  email!: string | null;

  @Column({ name: 'email_key', type: 'varchar', length: 762, nullable: true })
  emailKey!: string | null;

  @Column({ name: 'first_name', type: 'varchar', length: 150 })
  firstName!: string;

  @Column({ name: 'last_name', type: 'varchar', length: 150 })
  lastName!: string;

  /** argon2id in the PHC string format. */
  @Column({ name: 'password_hash', type: 'varchar', length: 255 })
  passwordHash!: string;

  /**
   * A session is live only in the epoch in which it was opened. So raising the epoch ends every
   * session of the account in one statement.
   */
  @Column({ name: 'session_epoch', type: 'int' })
  sessionEpoch!: number;

  /** The session that stays alive in `keptEpoch`: its owner ended all others. */
  @Column({ name: 'kept_session_id', type: 'varchar', length: 36, nullable: true })
  keptSessionId!: string | null;

  /** The epoch in which `keptSessionId` is exempt. Any later increase ends that session too. */
  @Column({ name: 'kept_epoch', type: 'int', nullable: true })
  keptEpoch!: number | null;

  @TimeColumn({ name: 'created_at' })
  createdAt!: number;

  /** Set by operators. A disabled account cannot log in, and its sessions are dead. */
  @TimeColumn({ name: 'disabled_at', nullable: true })
  disabledAt!: number | null;
}

/** The columns that tell whether a session of the account is alive, and who its owner is. */
export type UserState = Pick<User, (typeof USER_STATE)[number]>;

export const USER_STATE = [
  'id',
  'username',
  'passwordHash',
  'sessionEpoch',
  'keptSessionId',
  'keptEpoch',
  'disabledAt',
] as const satisfies (keyof User)[];
