import Libsql from 'libsql';
import { isConflict } from './store-errors.js';

/**
 * libsql, with a reset of each statement that finds the file busy, as better-sqlite3 has it. libsql
 * leaves such a statement in progress. SQLite then commits nothing on the connection, although it
 * acknowledges every later write (tursodatabase/libsql-js pull request 238).
 */
export class EmbeddedDriver extends Libsql {
  constructor(path: string, options?: Libsql.Options) {
    super(path, options);
    const prepare = this.prepare.bind(this) as (sql: string) => Libsql.Statement;
    this.prepare = ((sql: string) => this.resettingOnConflict(prepare(sql))) as typeof this.prepare;
  }

  private resettingOnConflict(statement: Libsql.Statement): Libsql.Statement {
    const run = statement.run.bind(statement);
    statement.run = (...values) => {
      try {
        return run(...values);
      } catch (error) {
        if (isConflict(error)) this.reset(() => run(...values));
        throw error;
      }
    };
    return statement;
  }

  /** Resets a statement. It runs where it may write nothing, so it fails and is over. */
  private reset(run: () => unknown): void {
    this.exec('PRAGMA query_only = ON');
    try {
      run();
    } catch {
      // The statement is refused, as intended.
    } finally {
      this.exec('PRAGMA query_only = OFF');
    }
  }
}
