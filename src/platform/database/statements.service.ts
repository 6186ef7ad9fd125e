import { Injectable } from '@nestjs/common';
import type Libsql from 'libsql';
import { DataSource } from 'typeorm';
import type { BoundedPool } from './bounded-pool.js';

export type Row = Readonly<Record<string, string | number | null>>;
export type Value = string | number | null;

/** Runs statements that each connection prepares once. */
export interface Statements {
  read(sql: string, values: readonly Value[]): Promise<Row[]>;
  /** @returns how many rows matched */
  write(sql: string, values: readonly Value[]): Promise<number>;
}

/** Connections for batches: two for reads of sessions, two for rotations. */
const FOR_BATCHES = 4;

/**
 * Runs the few statements that every request needs. Each connection prepares them once. An ORM
 * builds the text again at each call, which takes longer than the database does.
 */
@Injectable()
export class StatementsService implements Statements {
  private readonly prepared = new Map<string, Libsql.Statement>();

  /**
   * Runs batches over connections of their own. There are as many connections as batches at a time,
   * so verify and refresh never wait for a connection, however many other requests there are.
   */
  readonly batched: Statements;

  constructor(private readonly dataSource: DataSource) {
    this.batched = this.lane(FOR_BATCHES);
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
   * Returns statements with connections and a queue of their own, so that a flood of them does not
   * delay others. The embedded store has one connection, for which no statement waits.
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

  /** The pool of a MySQL-protocol store, which is there once the store is connected. */
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
