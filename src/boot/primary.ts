import cluster, { type Worker } from 'node:cluster';
import type { Logger } from 'pino';
import type { Config } from '../platform/config/config.js';
import { ALL_SERVE } from '../management/all-serve.js';
import { stopOnUncaughtError } from './last-resort.js';
import type { WorkerReport } from './worker.js';

const RESTART_MS = 500;
/** A worker stops within 10 s. */
const STOP_DEADLINE_MS = 11_000;

/**
 * Runs `WORKERS` processes on one port. They share only the database. Replaces a worker that ends,
 * and stops all workers on SIGTERM and SIGINT.
 * @param program the path of the file that a worker runs
 * @returns the address of the service, once all workers serve
 */
export function startWorkers(config: Config, logger: Logger, program: string): Promise<string> {
  cluster.setupPrimary({ exec: program, args: [] });
  return new Promise((resolve) => {
    new Primary(config, logger, resolve).start();
  });
}

class Primary {
  private readonly ready = new Set<Worker>();
  private readonly numbers = new Map<Worker, number>();
  private haveAllServed = false;
  private isStopping = false;
  private exitCode = 0;

  constructor(
    private readonly config: Config,
    private readonly logger: Logger,
    private readonly onReady: (url: string) => void,
  ) {}

  start(): void {
    cluster.on('message', (worker: Worker, report: WorkerReport) => {
      if ('failed' in report) this.onFailed(report.failed);
      else this.onServing(worker, report.ready);
    });
    cluster.on('exit', (worker, code, signal) => {
      this.onEnded(worker, code, signal);
    });
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => {
        this.stop(signal);
      });
    }
    stopOnUncaughtError(this.logger, () => {
      this.exitCode = 1;
      this.stop('SIGTERM');
      // Never resolves, since this process exits with the last worker.
      return new Promise(() => undefined);
    });
    for (let number = 0; number < this.config.WORKERS; number++) this.fork(number);
  }

  private fork(number: number): void {
    const worker = cluster.fork({ HASH_CONCURRENCY: shareOf(this.config, number) });
    this.numbers.set(worker, number);
    // No process or descriptor is left, or the worker has ended during a message to it.
    worker.on('error', (err) => {
      this.logger.error({ worker: number, err }, 'a worker has failed');
      // A worker that did not start has no exit event.
      if (worker.process.pid === undefined) this.onEnded(worker, null, null);
    });
  }

  private forkLater(number: number): void {
    setTimeout(() => {
      if (this.isStopping) return;
      try {
        this.fork(number);
      } catch (err) {
        this.logger.error({ worker: number, err }, 'a worker could not be started');
        this.forkLater(number);
      }
    }, RESTART_MS);
  }

  private onServing(worker: Worker, url: string): void {
    this.ready.add(worker);
    if (this.haveAllServed) {
      tellThatAllServe(worker);
      return;
    }
    if (this.ready.size < this.config.WORKERS) return;
    this.haveAllServed = true;
    this.ready.forEach(tellThatAllServe);
    this.logger.info({ url, workers: this.config.WORKERS }, 'ready');
    this.onReady(url);
  }

  private onFailed(reason: string): void {
    if (this.isStopping) return;
    console.error(reason);
    if (this.haveAllServed) return;
    // The first start has failed, so the configuration is wrong for all workers.
    this.exitCode = 1;
    this.stop('SIGTERM');
  }

  private onEnded(worker: Worker, code: number | null, signal: string | null): void {
    const number = this.numbers.get(worker) ?? 0;
    this.numbers.delete(worker);
    const hasServed = this.ready.delete(worker);
    if (!this.isStopping) {
      this.logger.error({ worker: number, code, signal }, 'a worker has ended');
      this.forkLater(number);
      return;
    }
    // A worker that has not served leaves no request unfinished.
    if (code !== 0 && hasServed) this.exitCode = 1;
    if (this.numbers.size === 0) process.exit(this.exitCode);
  }

  private stop(signal: NodeJS.Signals): void {
    this.isStopping = true;
    for (const worker of this.numbers.keys()) worker.process.kill(signal);
    setTimeout(() => process.exit(1), STOP_DEADLINE_MS).unref();
  }
}

/**
 * Sends the message ahead of all connections that the primary passes on later, which use the same
 * channel. The callback keeps a failed send from raising an error.
 */
function tellThatAllServe(worker: Worker): void {
  worker.send(ALL_SERVE, undefined, undefined, () => undefined);
}

/** Returns a worker's share of the concurrent hashes, at least one. */
function shareOf({ HASH_CONCURRENCY, WORKERS }: Config, number: number): number {
  const share = Math.floor(HASH_CONCURRENCY / WORKERS) + (number < HASH_CONCURRENCY % WORKERS ? 1 : 0);
  return Math.max(1, share);
}
