import cluster, { type Worker } from 'node:cluster';
import type { Logger } from 'pino';
import type { Config } from '../platform/config/config.js';
import { ALL_SERVE } from '../management/all-serve.js';
import { stopOnUncaughtError } from './last-resort.js';

/** What a worker tells the primary: that it serves, and where; or why it cannot. */
type Message = { readonly ready: string } | { readonly failed: string };

const RESTART_MS = 500;
/** A little more than a worker takes at most. */
const STOP_DEADLINE_MS = 11_000;

/** To be called in a worker. */
export function tellPrimary(message: Message): void {
  process.send?.(message, undefined, undefined, () => undefined);
}

/** To be called in a worker: what cannot be sent to the primary is an error of the process, and the end of both follows. */
export function ignoreLostPrimary(): void {
  process.on('error', () => undefined);
}

/**
 * Runs `WORKERS` processes on one port, which share nothing but the database; replaces one that dies, and stops all when it is
 * told to stop.
 * @param program the path of the file that a worker runs
 * @returns the address of the service, once all of them serve
 */
export function startWorkers(config: Config, logger: Logger, program: string): Promise<string> {
  const ready = new Set<Worker>();
  const numbers = new Map<Worker, number>();
  let hasServed = false;
  let stopping: NodeJS.Signals | undefined;
  let exitCode = 0;

  // Whatever program has loaded this one, a worker does nothing but serve.
  cluster.setupPrimary({ exec: program, args: [] });
  const fork = (number: number) => {
    const worker = cluster.fork({ HASH_CONCURRENCY: shareOf(config, number) });
    numbers.set(worker, number);
    // Where there are no processes or descriptors left, or it ends while it is sent something. Without a listener, this process would end.
    worker.on('error', (err) => {
      logger.error({ worker: number, err }, 'a worker has failed');
      // One that could not be started has no exit.
      if (worker.process.pid === undefined) ended(worker, null, null);
    });
  };
  const forkAgain = (number: number) => {
    setTimeout(() => {
      if (stopping) return;
      try {
        fork(number);
      } catch (err) {
        logger.error({ worker: number, err }, 'a worker could not be started');
        forkAgain(number);
      }
    }, RESTART_MS);
  };
  /** Before the connections that are handed over from now on, since both go the same way. */
  const tellThatAllServe = (worker: Worker) => worker.send(ALL_SERVE, undefined, undefined, () => undefined);
  const stop = (signal: NodeJS.Signals) => {
    stopping ??= signal;
    for (const worker of numbers.keys()) worker.process.kill(stopping);
    setTimeout(() => process.exit(1), STOP_DEADLINE_MS).unref();
  };
  const ended = (worker: Worker, code: number | null, signal: string | null) => {
    const number = numbers.get(worker) ?? 0;
    numbers.delete(worker);
    const hadServed = ready.delete(worker);
    if (stopping) {
      // One that was about to start has taken nothing that it could have left unfinished.
      if (code !== 0 && hadServed) exitCode = 1;
      if (numbers.size === 0) process.exit(exitCode);
      return;
    }
    logger.error({ worker: number, code, signal }, 'a worker has ended');
    forkAgain(number);
  };

  return new Promise((resolve) => {
    cluster.on('message', (worker: Worker, message: Message) => {
      if ('failed' in message) {
        if (stopping) return;
        console.error(message.failed);
        if (hasServed) return;
        // Nobody has served yet: it is the configuration, and none of them can. To be waited for, or they complain that nobody listens.
        exitCode = 1;
        stop('SIGTERM');
        return;
      }
      ready.add(worker);
      if (hasServed) tellThatAllServe(worker);
      if (hasServed || ready.size < config.WORKERS) return;
      hasServed = true;
      ready.forEach(tellThatAllServe);
      logger.info({ url: message.ready, workers: config.WORKERS }, 'ready');
      resolve(message.ready);
    });
    cluster.on('exit', ended);
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, stop);
    stopOnUncaughtError(logger, () => {
      exitCode = 1;
      stop('SIGTERM');
      // The last worker's end ends this process.
      return new Promise(() => undefined);
    });
    for (let number = 0; number < config.WORKERS; number++) fork(number);
  });
}

/** A worker's share of the hashes at a time, one at least. */
function shareOf({ HASH_CONCURRENCY, WORKERS }: Config, number: number): number {
  const share = Math.floor(HASH_CONCURRENCY / WORKERS) + (number < HASH_CONCURRENCY % WORKERS ? 1 : 0);
  return Math.max(1, share);
}
