import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createIndex, createTable } from '../../database/definitions.js';

/**
 * Creates the table of sessions. It has no foreign key to the account: that would lock the row of
 * the account at every login, and sharded clusters have no foreign keys.
 */
export class Sessions1763700000001 implements MigrationInterface {
  readonly name = 'Sessions1763700000001';

  async up(queryRunner: QueryRunner): Promise<void> {
    await createTable(queryRunner, 'sessions', [
      'id varchar(36) NOT NULL PRIMARY KEY',
      'user_id varchar(36) NOT NULL',
      'user_epoch int NOT NULL',
      'refresh_hash varchar(64) NOT NULL',
      'refresh_counter int NOT NULL',
      'created_at bigint NOT NULL',
      'refreshed_at bigint NOT NULL',
      'last_used_at bigint NOT NULL',
      'expires_at bigint NOT NULL',
      'ends_at bigint NOT NULL',
      'revoked_at bigint',
      'revoked_reason varchar(32)',
      'user_agent varchar(255) NOT NULL',
      'address varchar(45) NOT NULL',
      'purge_day int NOT NULL',
    ]);
    await createIndex(queryRunner, 'sessions', 'user_id');
    await createIndex(queryRunner, 'sessions', 'purge_day');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE sessions');
  }
}
