import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { JobsService } from '../jobs/jobs.service.js';
import { SigningKeysService } from '../keys/signing-keys.service.js';
import { ConfigError } from '../platform/config/config.error.js';
import { DatabaseService } from '../platform/database/database.service.js';
import { isStoreUnavailable, misconfigurationOf } from '../platform/database/store-errors.js';

const RETRY_MS = 500;

/**
 * Makes the service ready: connects, applies migrations, loads keys and starts jobs. Without a
 * database it keeps trying. Meanwhile the service is alive but not ready.
 */
@Injectable()
export class StartupService implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(StartupService.name);
  private readonly stop = new AbortController();
  private done = false;
  private loggedCode = '';

  /**
   * Resolves once the service is ready. Rejects for a problem that waiting does not fix, such as a
   * wrong secret, or when the service stops first.
   */
  readonly finished: Promise<void>;
  private settle!: { resolve: () => void; reject: (reason: unknown) => void };

  constructor(
    private readonly database: DatabaseService,
    private readonly keys: SigningKeysService,
    private readonly jobs: JobsService,
  ) {
    this.finished = new Promise((resolve, reject) => (this.settle = { resolve, reject }));
    // An unhandled rejection would end the process.
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
    while (!(await this.prepare())) await sleep(RETRY_MS, undefined, { signal: this.stop.signal });
    this.done = true;
    if (!this.stop.signal.aborted) this.jobs.start();
  }

  /**
   * Prepares the store and the keys.
   * @returns false while the database is not available
   * @throws ConfigError for a problem that waiting does not fix
   */
  private async prepare(): Promise<boolean> {
    try {
      await this.database.connect();
      await this.keys.load();
      await this.database.prepareForRequests();
      return true;
    } catch (error) {
      const misconfiguration = misconfigurationOf(error);
      if (misconfiguration) throw new ConfigError(`DATABASE_URL: ${misconfiguration}`, { cause: error });
      if (this.database.isEmbedded || !isStoreUnavailable(error)) throw error;
      this.logUnavailable((error as NodeJS.ErrnoException).code ?? 'unknown');
      return false;
    }
  }

  /** Logs a cause only when it differs from the last one, since an outage can take hours. */
  private logUnavailable(code: string): void {
    if (code !== this.loggedCode) this.logger.warn(`the database is not available yet: ${code}`);
    this.loggedCode = code;
  }
}
