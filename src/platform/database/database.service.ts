import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { CONFIG, type Config } from '../config/config.js';
import { applyMigrations } from './apply-migrations.js';
import { assertFit } from './fitness.js';
import { batched } from './batched.js';
import { StatementsService } from './statements.service.js';
import { cannotBeOpened, prepareStoreFile } from './store-file.js';

/** How calls of {@link DatabaseService.ping} share statements. */
const PINGS = { underWay: 1, size: 1_000 };

/** The connection to the store. */
@Injectable()
export class DatabaseService {
  /**
   * Asks the store whether it answers. Callers that ask meanwhile share one round trip for each set
   * of connections, so callers may ask as often as they like. Reads a table: a node of a MySQL
   * group that has lost the others still answers statements that read no table.
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
   * @throws ConfigError when the file of the embedded store cannot be used, or {@link assertFit}
   *   finds a problem
   */
  async connect(): Promise<void> {
    if (this.isEmbedded) await this.openFile();
    else if (!this.dataSource.isInitialized) await this.dataSource.initialize();
    await assertFit(this.dataSource);
    await applyMigrations(this.dataSource);
  }

  /**
   * Prepares the store for requests. During the start, a statement on a busy file of the embedded
   * store blocks this process for up to 5 s. From now on such a statement fails at once, `retrying`
   * repeats it, and the process serves other requests meanwhile.
   */
  async prepareForRequests(): Promise<void> {
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
    const { database } = this.dataSource.options;
    if (database !== ':memory:') prepareStoreFile(database as string);
    try {
      if (!this.dataSource.isInitialized) await this.dataSource.initialize();
    } catch (error) {
      throw cannotBeOpened(error);
    }
  }
}
