import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createTable } from '../../database/definitions.js';

export class Accounts1763700000000 implements MigrationInterface {
  readonly name = 'Accounts1763700000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await createTable(queryRunner, 'users', [
      'id varchar(36) NOT NULL PRIMARY KEY',
      'username varchar(150) NOT NULL',
      // A case-folded name can be three times as long as the name.
      'username_key varchar(450) NOT NULL',
      'email varchar(254)',
      'email_key varchar(762)',
      'first_name varchar(150) NOT NULL',
      'last_name varchar(150) NOT NULL',
      'password_hash varchar(255) NOT NULL',
      'session_epoch int NOT NULL',
      'kept_session_id varchar(36)',
      'kept_epoch int',
      'created_at bigint NOT NULL',
      'disabled_at bigint',
      'CONSTRAINT users_username_key UNIQUE (username_key)',
      'CONSTRAINT users_email_key UNIQUE (email_key)',
    ]);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE users');
  }
}
