import { Entity, PrimaryColumn } from 'typeorm';
import { TimeColumn } from '../platform/database/columns.js';

/** A piece of work that one replica at a time does. */
@Entity('leases')
export class Lease {
  @PrimaryColumn({ type: 'varchar', length: 64 })
  name!: string;

  /** Milliseconds since 1970. From then on another replica may take the lease. */
  @TimeColumn({ name: 'taken_until' })
  takenUntil!: number;
}
