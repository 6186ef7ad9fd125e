import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createTable } from '../../database/definitions.js';

export class Leases1763700000003 implements MigrationInterface {
  readonly name = 'Leases1763700000003';

  async up(queryRunner: QueryRunner): Promise<void> {
    await createTable(queryRunner, 'leases', ['name varchar(64) NOT NULL PRIMARY KEY', 'taken_until bigint NOT NULL']);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE leases');
  }
}
