import Libsql from 'libsql';
import { isConflict } from './store-errors.js';

/**
 * libsql, which leaves a statement that could not have the file in progress, where better-sqlite3 resets it. As long as one is, SQLite
 * commits nothing on its connection, although every later write is answered as if it did (tursodatabase/libsql-js pull request 238).
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

  /** Ends a statement by running it where it can do nothing: it fails, and by that is over. */
  private end(run: () => unknown): void {
    this.exec('PRAGMA query_only = ON');
    try {
      run();
    } catch {
      // As it should.
    } finally {
      this.exec('PRAGMA query_only = OFF');
    }
  }
}
