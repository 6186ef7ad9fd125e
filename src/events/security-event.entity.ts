import { Column, Entity, PrimaryColumn } from 'typeorm';
import { TimeColumn } from '../platform/database/columns.js';

/** What happened, as operators would ask for it. */
export type EventName =
  | 'login'
  | 'signup'
  | 'refresh'
  | 'replay'
  | 'logout'
  | 'session_end'
  | 'password_change'
  | 'key_rotation'
  | 'client_authentication'
  /** Stands for the events of a source beyond its bound, see `EventLimits`; its reason says how many. */
  | 'events_left_out';

export type Outcome = 'success' | 'failure' | 'throttled';

/** Something that matters to the security of an account. Holds nothing that a client typed. */
@Entity('events')
export class SecurityEvent {
  /** UUID version 7, and so in order of time. */
  @PrimaryColumn({ type: 'varchar', length: 36 })
  id!: string;

  @TimeColumn()
  at!: number;

  @Column({ type: 'varchar', length: 32 })
  event!: EventName;

  @Column({ type: 'varchar', length: 16 })
  outcome!: Outcome;

  /** Why it did not succeed, or who ended a session. */
  @Column({ type: 'varchar', length: 64, nullable: true })
  reason!: string | null;

  /** Null where there is no such account. */
  @Column({ name: 'user_id', type: 'varchar', length: 36, nullable: true })
  userId!: string | null;

  @Column({ name: 'session_id', type: 'varchar', length: 36, nullable: true })
  sessionId!: string | null;

  /** The client's address. */
  @Column({ type: 'varchar', length: 45 })
  source!: string;

  /** Empty for what no request asked for. */
  @Column({ type: 'varchar', length: 16 })
  contract!: string;

  @Column({ name: 'request_id', type: 'varchar', length: 128 })
  requestId!: string;
}
