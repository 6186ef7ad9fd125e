import Libsql from 'libsql';
import { isConflict } from './store-errors.js';

/**
 * libsql, with statements that end. libsql leaves a statement in progress that found the file busy,
 * where better-sqlite3 resets it. Meanwhile SQLite commits nothing on the connection, although it
 * acknowledges every later write (tursodatabase/libsql-js pull request 238).
 */
export class EmbeddedDriver extends Libsql {
  constructor(path: string, options?: Libsql.Options) {
    super(path, options);
    const prepare = this.prepare.bind(this) as (sql: string) => Libsql.Statement;
    this.prepare = ((sql: string) => this.ending(prepare(sql))) as typeof this.prepare;
  }

  private ending(statement: Libsql.Statement): Libsql.Statement {
    const run = statement.run.bind(statement);
    statement.run = (...values) => {
      try {
        return run(...values);
      } catch (error) {
        if (isConflict(error)) this.end(() => run(...values));
        throw error;
      }
    };
    return statement;
  }

  /**
   * Ends a statement by running it where it can do nothing: it fails, and so is no longer in
   * progress.
   */
  private end(run: () => unknown): void {
    this.exec('PRAGMA query_only = ON');
    try {
      run();
    } catch {
      // The error that is wanted.
    } finally {
      this.exec('PRAGMA query_only = OFF');
    }
  }
}
