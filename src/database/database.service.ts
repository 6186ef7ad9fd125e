import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { applyMigrations } from './apply-migrations.js';

/** The connection to the store. */
@Injectable()
export class DatabaseService {
  constructor(private readonly dataSource: DataSource) {}

  /** Connects and brings the tables up to date. May be called again after it failed. */
  async connect(): Promise<void> {
    if (!this.dataSource.isInitialized) await this.dataSource.initialize();
    await applyMigrations(this.dataSource);
  }

  /** Whether the embedded store is in use. */
  get isEmbedded(): boolean {
    return this.dataSource.options.type !== 'mysql';
  }

  /** One round trip. @throws whatever the driver throws when the store does not answer */
  async ping(): Promise<void> {
    await this.dataSource.query('SELECT 1');
  }
}
