import { Column, Entity, PrimaryColumn } from 'typeorm';
import { TimeColumn } from '../platform/database/columns.js';

/** The row of a {@link Counter}. */
@Entity('counters')
export class CounterRow {
  /** The name of the budget and the key. */
  @PrimaryColumn({ type: 'varchar', length: 128 })
  id!: string;

  @Column({ type: 'int' })
  used!: number;

  @TimeColumn({ name: 'ends_at' })
  endsAt!: number;

  @Column({ type: 'int' })
  refusals!: number;

  @TimeColumn({ name: 'refusals_end_at' })
  refusalsEndAt!: number;

  /** The later of the two ends. From then on the row counts nothing, and may be removed. */
  @TimeColumn({ name: 'expires_at' })
  expiresAt!: number;
}
