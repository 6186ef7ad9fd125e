import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { CONFIG, type Config } from '../config/config.js';
import { applyMigrations } from './apply-migrations.js';
import { assertFit } from './fitness.js';
import { batched } from './batched.js';
import { StatementsService } from './statements.service.js';
import { cannotBeOpened, prepareStoreFile } from './store-file.js';

/** How questions whether the store answers are batched. */
const PINGS = { underWay: 1, size: 1_000 };

/** The connection to the store. */
@Injectable()
export class DatabaseService {
  /**
   * Asks the store whether it answers. Callers that ask meanwhile share one round trip over each
   * set of connections, so it may be called at any rate. Reads a table, since a node of a MySQL
   * group that lost the others still answers statements without one.
   * @throws the error of the driver when the store does not answer
   */
  readonly ping: () => Promise<void>;

  constructor(
    private readonly dataSource: DataSource,
    private readonly statements: StatementsService,
    @Inject(CONFIG) { DATABASE_TIMEOUT }: Config,
  ) {
    const ask = batched<null, undefined>((keys) => this.ask(keys), { ...PINGS, patienceMs: DATABASE_TIMEOUT * 1000 });
    this.ping = () => ask(null);
  }

  /**
   * Connects and brings the tables up to date. May be called again after it failed.
   * @throws ConfigError when the file of the embedded store cannot be used, or the store is not
   * what it has to be
   */
  async connect(): Promise<void> {
    if (this.isEmbedded) await this.openFile();
    else if (!this.dataSource.isInitialized) await this.dataSource.initialize();
    await assertFit(this.dataSource);
    await applyMigrations(this.dataSource);
  }

  /**
   * Prepares the store for requests. At the start the embedded store blocks this process, up to 5
   * s, while another one holds its file. From then on a statement that finds the file busy is
   * repeated, see `retrying`, and others are served.
   */
  async serve(): Promise<void> {
    if (this.isEmbedded) await this.dataSource.query('PRAGMA busy_timeout = 0');
  }

  /** Tells whether the embedded store is in use. */
  get isEmbedded(): boolean {
    return this.dataSource.options.type !== 'mysql';
  }

  private async ask(keys: readonly null[]): Promise<undefined[]> {
    await this.statements.readOnAll('SELECT 1 FROM migrations LIMIT 1');
    return keys.map(() => undefined);
  }

  private async openFile(): Promise<void> {
    prepareStoreFile(this.dataSource.options.database as string);
    try {
      if (!this.dataSource.isInitialized) await this.dataSource.initialize();
    } catch (error) {
      throw cannotBeOpened(error);
    }
  }
}
