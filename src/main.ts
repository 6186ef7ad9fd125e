import cluster from 'node:cluster';
import { fileURLToPath } from 'node:url';
import type { Logger } from 'pino';
import { type Config, loadConfig } from './platform/config/config.js';
import { ConfigError } from './platform/config/config.error.js';
import { createLogger } from './platform/logging/logger.js';
import { startWorkers } from './boot/primary.js';
import { ignoreLostPrimary, reportToPrimary } from './boot/worker.js';

/** Starts the service, in this process or in workers. Returns its address, once it is ready. */
async function start(): Promise<string> {
  const config = loadConfig();
  const logger = createLogger(config);
  if (cluster.isPrimary && config.WORKERS > 1) return startWorkers(config, logger, fileURLToPath(import.meta.url));
  if (cluster.isWorker) ignoreLostPrimary();
  const url = await serve(config, logger);
  if (cluster.isWorker) {
    reportToPrimary({ ready: url });
    return url;
  }
  logger.info({ url }, 'ready');
  // Supervisors and tests wait for this line.
  logger.flush();
  return url;
}

/** Serves in this process. Imports the service only here, since a primary does not need it. */
async function serve(config: Config, logger: Logger): Promise<string> {
  const { startService } = await import('./boot/service.js');
  // Ids above WORKERS belong to workers that replace others.
  const readyFirst = cluster.isWorker && (cluster.worker?.id ?? 0) > config.WORKERS;
  return startService(config, logger, { readyFirst });
}

/**
 * Exits with one line for an error that the operator can fix, and with a stack for any other error.
 */
function fail(error: unknown): never {
  // The stack alone, since other members of a database's error hold the parameters of its
  // statement.
  const line = error instanceof ConfigError ? `latchkey: ${error.message}` : String((error as Error).stack);
  if (cluster.isPrimary) console.error(line);
  else reportToPrimary({ failed: line });
  process.exit(1);
}

export const url = await start().catch(fail);
