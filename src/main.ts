import cluster from 'node:cluster';
import { fileURLToPath } from 'node:url';
import { type Config, loadConfig } from './platform/config/config.js';
import { ConfigError } from './platform/config/config.error.js';
import { createLogger } from './platform/logging/logger.js';
import { ignoreLostPrimary, startWorkers, tellPrimary } from './boot/workers.js';

/** @returns the address of the service, once it serves */
async function start(): Promise<string> {
  const config = loadConfig();
  const logger = createLogger(config);
  if (cluster.isPrimary && config.WORKERS > 1) return startWorkers(config, logger, fileURLToPath(import.meta.url));
  if (cluster.isWorker) ignoreLostPrimary();
  const url = await serve(config, logger);
  if (cluster.isPrimary) {
    logger.info({ url }, 'ready');
    // Somebody waits for this one.
    logger.flush();
  } else tellPrimary({ ready: url });
  return url;
}

/** Loaded where it is needed: a primary does without. */
async function serve(config: Config, logger: ReturnType<typeof createLogger>): Promise<string> {
  const { startService } = await import('./boot/service.js');
  // One that takes the place of another: the first ones have the numbers up to WORKERS.
  const readyFirst = cluster.isWorker && (cluster.worker?.id ?? 0) > config.WORKERS;
  return startService(config, logger, { readyFirst });
}

/** What stops a start is one line for whoever reads the console; the stack is of use for errors of ours alone. */
function fail(error: unknown): never {
  // Not the error itself: a database's carries the statement's parameters along.
  const line = error instanceof ConfigError ? `latchkey: ${error.message}` : String((error as Error).stack);
  if (cluster.isPrimary) console.error(line);
  else tellPrimary({ failed: line });
  process.exit(1);
}

export const url = await start().catch(fail);
