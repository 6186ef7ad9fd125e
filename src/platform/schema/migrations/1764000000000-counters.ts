import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createIndex, createTable } from '../../database/definitions.js';

/** Replaces `rate_limits`, which stays for replicas of the previous version. */
export class Counters1764000000000 implements MigrationInterface {
  readonly name = 'Counters1764000000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await createTable(queryRunner, 'counters', [
      'id varchar(128) NOT NULL PRIMARY KEY',
      'used int NOT NULL',
      'ends_at bigint NOT NULL',
      'refusals int NOT NULL',
      'refusals_end_at bigint NOT NULL',
      'expires_at bigint NOT NULL',
    ]);
    await createIndex(queryRunner, 'counters', 'expires_at');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE counters');
  }
}
