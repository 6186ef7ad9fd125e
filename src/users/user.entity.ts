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

  /** What names are compared by, see `nameKey`. */
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

  /** A session is alive only under the epoch that it was opened in: raising it ends every session of the account in one statement. */
  @Column({ name: 'session_epoch', type: 'int' })
  sessionEpoch!: number;

  /** The session that lives on in `keptEpoch` although it is of an earlier one: its owner ended all others. */
  @Column({ name: 'kept_session_id', type: 'varchar', length: 36, nullable: true })
  keptSessionId!: string | null;

  /** Named with the session, so that whoever raises the epoch by itself ends the kept session too. */
  @Column({ name: 'kept_epoch', type: 'int', nullable: true })
  keptEpoch!: number | null;

  @TimeColumn({ name: 'created_at' })
  createdAt!: number;

  /** Set by operators: a disabled account neither logs in nor keeps a session. */
  @TimeColumn({ name: 'disabled_at', nullable: true })
  disabledAt!: number | null;
}

/** What says whether a session of the account is alive, and who its owner is. */
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
