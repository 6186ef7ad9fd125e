import type { DataSourceOptions } from 'typeorm';
import { EmbeddedDriver } from '../../../../src/platform/database/embedded-driver.js';
import { migrations } from '../../../../src/platform/schema/migrations/index.js';

/** What a reset leaves: the schema, and the keys, so that a cached JWKS stays good. */
const KEPT = ['migrations', 'signing_keys'];

/** A database in memory, which outlives the connections of TypeORM. */
export class MemoryStore {
  private readonly database = new EmbeddedDriver(':memory:');

  /** Returns the options of a connection to this database. */
  get options(): DataSourceOptions {
    const { database } = this;
    const shared = new Proxy(database, {
      get: (target, name) => {
        // TypeORM closes the database with its connection.
        if (name === 'close') return () => undefined;
        const value = Reflect.get(target, name, target) as unknown;
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
    return {
      type: 'better-sqlite3',
      // TypeORM calls it with `new`, which takes the object that it returns.
      driver: function openShared() {
        return shared;
      },
      database: ':memory:',
      migrations,
      migrationsTransactionMode: 'none',
    };
  }

  /** Removes every row but those of {@link KEPT}. */
  clear(): void {
    const tables = this.database
      .prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
      .all() as { name: string }[];
    for (const { name } of tables) if (!KEPT.includes(name)) this.database.exec(`DELETE FROM "${name}"`);
  }

  /** Runs statements as one transaction. Nothing comes between them, since they run at once. */
  writeTogether(write: (database: EmbeddedDriver) => void): void {
    this.database.transaction(() => {
      write(this.database);
    })();
  }

  close(): void {
    this.database.close();
  }
}
