import { Injectable } from '@nestjs/common';
import type Libsql from 'libsql';
import { DataSource } from 'typeorm';
import type { BoundedPool } from './bounded-pool.js';

export type Row = Readonly<Record<string, string | number | null>>;
export type Value = string | number | null;

/**
 * Runs the few statements that every request needs, prepared once a connection. An ORM builds its text anew at each call,
 * which takes longer than the database does.
 */
@Injectable()
export class StatementsService {
  private readonly prepared = new Map<string, Libsql.Statement>();

  constructor(private readonly dataSource: DataSource) {}

  async read(sql: string, values: readonly Value[]): Promise<Row[]> {
    if (this.isMySql) return (await this.pool.execute(sql, values)) as Row[];
    return this.prepare(sql).all(...values) as Row[];
  }

  /** @returns how many rows matched */
  async write(sql: string, values: readonly Value[]): Promise<number> {
    if (this.isMySql) return ((await this.pool.execute(sql, values)) as { affectedRows: number }).affectedRows;
    return this.prepare(sql).run(...values).changes;
  }

  private get isMySql(): boolean {
    return this.dataSource.options.type === 'mysql';
  }

  /** Of a MySQL-protocol store, once it is connected. */
  get pool(): BoundedPool {
    return (this.dataSource.driver as unknown as { pool: BoundedPool }).pool;
  }

  private prepare(sql: string): Libsql.Statement {
    const known = this.prepared.get(sql);
    if (known) return known;
    const { databaseConnection } = this.dataSource.driver as unknown as { databaseConnection: Libsql.Database };
    const statement = databaseConnection.prepare(sql);
    this.prepared.set(sql, statement);
    return statement;
  }
}
