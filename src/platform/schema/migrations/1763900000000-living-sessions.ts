import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createIndex } from '../../database/definitions.js';

/** The sessions of an account that were not ended, in order of time: a page of them reads no others. */
export class LivingSessions1763900000000 implements MigrationInterface {
  readonly name = 'LivingSessions1763900000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await createIndex(queryRunner, 'sessions', 'user_id', 'revoked_at', 'user_epoch', 'id');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    const isMySql = queryRunner.dataSource.options.type === 'mysql';
    await queryRunner.query(`DROP INDEX sessions_user_id_revoked_at_user_epoch_id${isMySql ? ' ON sessions' : ''}`);
  }
}
