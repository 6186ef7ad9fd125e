import { Column, Entity, PrimaryColumn } from 'typeorm';
import { TimeColumn } from '../platform/database/columns.js';
import type { EventName, Outcome } from './catalogue.js';

/** A row of a security event. Holds nothing that a client typed. */
@Entity('events')
export class EventRow {
  /** UUID version 7, so rows are in the order of time. */
  @PrimaryColumn({ type: 'varchar', length: 36 })
  id!: string;

  @TimeColumn()
  at!: number;

  @Column({ type: 'varchar', length: 32 })
  event!: EventName;

  @Column({ type: 'varchar', length: 16 })
  outcome!: Outcome;

  /** See the catalogue; null for an event without reasons. */
  @Column({ type: 'varchar', length: 64, nullable: true })
  reason!: string | null;

  /** Null for an event without an account. */
  @Column({ name: 'user_id', type: 'varchar', length: 36, nullable: true })
  userId!: string | null;

  @Column({ name: 'session_id', type: 'varchar', length: 36, nullable: true })
  sessionId!: string | null;

  /** The client's address. */
  @Column({ type: 'varchar', length: 45 })
  source!: string;

  /** Empty for an event that no request caused. */
  @Column({ type: 'varchar', length: 16 })
  contract!: string;

  @Column({ name: 'request_id', type: 'varchar', length: 128 })
  requestId!: string;
}
