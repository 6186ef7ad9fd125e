import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createIndex, createTable } from '../../database/definitions.js';

export class Events1763800000000 implements MigrationInterface {
  readonly name = 'Events1763800000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await createTable(queryRunner, 'events', [
      'id varchar(36) NOT NULL PRIMARY KEY',
      'at bigint NOT NULL',
      'event varchar(32) NOT NULL',
      'outcome varchar(16) NOT NULL',
      'reason varchar(64)',
      'user_id varchar(36)',
      'session_id varchar(36)',
      'source varchar(45) NOT NULL',
      'contract varchar(16) NOT NULL',
      'request_id varchar(128) NOT NULL',
    ]);
    await createIndex(queryRunner, 'events', 'user_id');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE events');
  }
}
