import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { DatabaseService } from '../database/database.service.js';
import { isStoreUnavailable } from '../database/store-errors.js';
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

  /** Resolves once the service serves; rejects with what waiting does not mend, for instance a wrong secret. */
  readonly finished: Promise<void>;
  private settle!: { resolve: () => void; reject: (reason: unknown) => void };

  constructor(
    private readonly database: DatabaseService,
    private readonly keys: SigningKeysService,
  ) {
    this.finished = new Promise((resolve, reject) => (this.settle = { resolve, reject }));
    // Whoever waits is told; that nobody waits is no crash of its own.
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
    while (!this.stop.signal.aborted && !(await this.attempt())) await sleep(RETRY_MS);
  }

  private async attempt(): Promise<boolean> {
    try {
      await this.database.connect();
      await this.keys.load();
      return (this.done = true);
    } catch (error) {
      if (this.database.isEmbedded || !isStoreUnavailable(error)) throw error;
      this.logger.warn(`the database is not available yet: ${(error as NodeJS.ErrnoException).code ?? 'unknown'}`);
      return false;
    }
  }
}
