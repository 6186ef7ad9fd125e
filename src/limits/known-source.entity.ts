import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A source from which an account has logged in. */
@Entity('known_sources')
export class KnownSource {
  @PrimaryColumn({ name: 'user_id', type: 'varchar', length: 36 })
  userId!: string;

  /** See `sourceOf`. */
  @PrimaryColumn({ type: 'varchar', length: 45 })
  source!: string;

  /** The day of the last login, in days since 1970. */
  @Column({ name: 'last_day', type: 'int' })
  lastDay!: number;
}
