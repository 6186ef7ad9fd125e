import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { ConfigError } from '../platform/config/config.error.js';
import { DatabaseService } from '../platform/database/database.service.js';
import { isStoreUnavailable, misconfigurationOf } from '../platform/database/store-errors.js';
import { SigningKeysService } from '../keys/signing-keys.service.js';

const RETRY_MS = 500;

/**
 * Gets ready to serve: connects, applies migrations, loads keys. Without a database it goes on trying,
 * alive but not ready, for as long as it takes.
 */
@Injectable()
export class StartupService implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(StartupService.name);
  private readonly stop = new AbortController();
  private done = false;
  private complaint = '';

  /** Resolves once the service serves; rejects with what waiting does not mend, for instance a wrong secret, or when it is stopped before. */
  readonly finished: Promise<void>;
  private settle!: { resolve: () => void; reject: (reason: unknown) => void };

  constructor(
    private readonly database: DatabaseService,
    private readonly keys: SigningKeysService,
  ) {
    this.finished = new Promise((resolve, reject) => (this.settle = { resolve, reject }));
    // A rejection that nobody waits for would end the process.
    this.finished.catch(() => undefined);
  }

  get isReady(): boolean {
    return this.done;
  }

  onApplicationBootstrap(): void {
    this.run().then(this.settle.resolve, this.settle.reject);
  }

  onApplicationShutdown(): void {
    this.stop.abort();
  }

  private async run(): Promise<void> {
    while (!(await this.attempt())) await sleep(RETRY_MS, undefined, { signal: this.stop.signal });
  }

  private async attempt(): Promise<boolean> {
    try {
      await this.database.connect();
      await this.keys.load();
      await this.database.serve();
      return (this.done = true);
    } catch (error) {
      const misconfiguration = misconfigurationOf(error);
      if (misconfiguration) throw new ConfigError(`DATABASE_URL: ${misconfiguration}`, { cause: error });
      if (this.database.isEmbedded || !isStoreUnavailable(error)) throw error;
      this.complain((error as NodeJS.ErrnoException).code ?? 'unknown');
      return false;
    }
  }

  /** Once for each cause in a row, since it may take hours. */
  private complain(code: string): void {
    if (code !== this.complaint) this.logger.warn(`the database is not available yet: ${code}`);
    this.complaint = code;
  }
}
