import { Column, Entity, PrimaryColumn } from 'typeorm';
import { TimeColumn } from '../platform/database/columns.js';

/** A row of a {@link Counter}: how many attempts a key has made of late. */
@Entity('counters')
export class CounterRow {
  /** The name of the budget, and whose it is. */
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

  /** The later of the two ends: from then on the row is nothing, and may be removed. */
  @TimeColumn({ name: 'expires_at' })
  expiresAt!: number;
}
