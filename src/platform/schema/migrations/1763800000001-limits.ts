import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createIndex, createTable } from '../../database/definitions.js';

export class Limits1763800000001 implements MigrationInterface {
  readonly name = 'Limits1763800000001';

  async up(queryRunner: QueryRunner): Promise<void> {
    await createTable(queryRunner, 'known_sources', [
      'user_id varchar(36) NOT NULL',
      'source varchar(45) NOT NULL',
      'last_day int NOT NULL',
      'PRIMARY KEY (user_id, source)',
    ]);
    await createIndex(queryRunner, 'known_sources', 'last_day');
    // This version counted with rate-limiter-flexible, which dictates the layout.
    await createTable(queryRunner, 'rate_limits', [
      '`key` varchar(255) NOT NULL PRIMARY KEY',
      'points int NOT NULL',
      'expire bigint',
    ]);
    await createIndex(queryRunner, 'rate_limits', 'expire');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE rate_limits');
    await queryRunner.query('DROP TABLE known_sources');
  }
}
