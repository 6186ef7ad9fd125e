import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createTable } from '../../database/definitions.js';

export class SigningKeys1763700000002 implements MigrationInterface {
  readonly name = 'SigningKeys1763700000002';

  async up(queryRunner: QueryRunner): Promise<void> {
    await createTable(queryRunner, 'signing_keys', [
      // Decides which of several replicas makes the next key.
      'generation int NOT NULL PRIMARY KEY',
      'kid varchar(64) NOT NULL',
      'public_jwk text NOT NULL',
      'private_key text NOT NULL',
      'created_at bigint NOT NULL',
      'active_from bigint NOT NULL',
      'retired_at bigint',
    ]);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE signing_keys');
  }
}
