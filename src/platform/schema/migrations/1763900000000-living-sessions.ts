import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createIndex, dropIndex } from '../../database/definitions.js';

/**
 * Indexes the sessions of an account in the order of time, so that a page of live sessions reads no
 * ended ones.
 */
export class LivingSessions1763900000000 implements MigrationInterface {
  readonly name = 'LivingSessions1763900000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await createIndex(queryRunner, 'sessions', 'user_id', 'revoked_at', 'user_epoch', 'id');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await dropIndex(queryRunner, 'sessions', 'user_id', 'revoked_at', 'user_epoch', 'id');
  }
}
