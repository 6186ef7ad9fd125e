import { Injectable } from '@nestjs/common';
import type Libsql from 'libsql';
import { DataSource } from 'typeorm';
import type { BoundedPool } from './bounded-pool.js';

export type Row = Readonly<Record<string, string | number | null>>;
export type Value = string | number | null;

/** Where statements are run, prepared once a connection. */
export interface Statements {
  read(sql: string, values: readonly Value[]): Promise<Row[]>;
  /** @returns how many rows matched */
  write(sql: string, values: readonly Value[]): Promise<number>;
}

/** Lookups of sessions, and rotations: two at a time of each. */
const GATHERED = 4;

/**
 * Runs the few statements that every request needs, prepared once a connection. An ORM builds its text anew at each call,
 * which takes longer than the database does.
 */
@Injectable()
export class StatementsService implements Statements {
  private readonly prepared = new Map<string, Libsql.Statement>();

  /**
   * For statements that are gathered, of which so few run at a time that they never wait for a connection: verify and refresh are served
   * however many other requests there are.
   */
  readonly gathered: Statements;

  constructor(private readonly dataSource: DataSource) {
    this.gathered = this.lane(GATHERED);
  }

  async read(sql: string, values: readonly Value[]): Promise<Row[]> {
    if (this.isMySql) return readFrom(this.pool, sql, values);
    return this.prepare(sql).all(...values) as Row[];
  }

  async write(sql: string, values: readonly Value[]): Promise<number> {
    if (this.isMySql) return writeTo(this.pool, sql, values);
    return this.prepare(sql).run(...values).changes;
  }

  /**
   * Gives some of the statements connections of their own, and a queue of their own before them: a flood of these leaves the others theirs.
   * The embedded store has one connection, which never waits.
   */
  lane(connections: number): Statements {
    if (!this.isMySql) return this;
    // There is no pool before the store is connected.
    let opened: BoundedPool | undefined;
    const pool = () => (opened ??= this.pool.sibling(connections));
    return {
      read: (sql, values) => readFrom(pool(), sql, values),
      write: (sql, values) => writeTo(pool(), sql, values),
    };
  }

  /** Runs a statement over every set of connections. */
  async readOnAll(sql: string): Promise<void> {
    if (this.isMySql) await this.pool.executeOnAll(sql);
    else await this.read(sql, []);
  }

  private get isMySql(): boolean {
    return this.dataSource.options.type === 'mysql';
  }

  /** Of a MySQL-protocol store, once it is connected. */
  private get pool(): BoundedPool {
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

async function readFrom(pool: BoundedPool, sql: string, values: readonly Value[]): Promise<Row[]> {
  return (await pool.execute(sql, values)) as Row[];
}

async function writeTo(pool: BoundedPool, sql: string, values: readonly Value[]): Promise<number> {
  return ((await pool.execute(sql, values)) as { affectedRows: number }).affectedRows;
}
