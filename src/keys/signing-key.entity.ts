import { Column, Entity, PrimaryColumn } from 'typeorm';
import { TimeColumn } from '../platform/database/columns.js';

/** A key pair that signs access tokens. */
@Entity('signing_keys')
export class SigningKey {
  /** Counted from 1. */
  @PrimaryColumn({ type: 'int' })
  generation!: number;

  /** Key id: the key's RFC 7638 thumbprint. */
  @Column({ type: 'varchar', length: 64 })
  kid!: string;

  /** The public part as a JWK (RFC 7517), in JSON. */
  @Column({ name: 'public_jwk', type: 'text' })
  publicJwk!: string;

  /** The private part, sealed, see `KeySeal`. */
  @Column({ name: 'private_key', type: 'text' })
  privateKey!: string;

  @TimeColumn({ name: 'created_at' })
  createdAt!: number;

  /** When the key begins to sign. */
  @TimeColumn({ name: 'active_from' })
  activeFrom!: number;

  /** When an operator retired the key. From then on it neither signs nor verifies. */
  @TimeColumn({ name: 'retired_at', nullable: true })
  retiredAt!: number | null;
}
