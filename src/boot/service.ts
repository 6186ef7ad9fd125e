import 'reflect-metadata';
import { setTimeout as sleep } from 'node:timers/promises';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Logger } from 'pino';
import { AppModule } from '../app.module.js';
import { createAdapter, nestOptions, setUp } from './http-app.js';
import type { Config } from '../platform/config/config.js';
import { ConfigError } from '../platform/config/config.error.js';
import { stopOnUncaughtError } from './last-resort.js';
import { NestLogger } from '../platform/logging/nest-logger.js';
import { StartupService } from '../startup/startup.service.js';

const STOP_DEADLINE_MS = 10_000;
/**
 * How long a replacement worker waits to be ready before it listens. Without a database it is never
 * ready. It must listen even so, since the other workers may have ended.
 */
const READY_FIRST_MS = 2_000;

/**
 * Starts the service in this process.
 * @param readyFirst whether to wait until the service is ready before it listens, because other
 *   workers serve the port meanwhile
 * @returns the address, once the service is ready
 * @throws ConfigError for an error that the operator can fix
 */
export async function startService(config: Config, logger: Logger, { readyFirst = false } = {}): Promise<string> {
  const app = await NestFactory.create<NestFastifyApplication>(
    AppModule.forRoot(config),
    createAdapter(config, logger),
    { ...nestOptions, logger: new NestLogger(logger) },
  );
  setUp(app, config);
  stopOnUncaughtError(logger, () => app.close());
  app.enableShutdownHooks(undefined, { useProcessExit: true });
  for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, exitAfterDeadline);
  const { finished } = app.get(StartupService);
  if (readyFirst) {
    await app.init();
    await Promise.race([finished, sleep(READY_FIRST_MS)]);
  }
  await app.listen(config.PORT, config.HOST).catch(throwListenError);
  await finished;
  return app.getUrl();
}

/** Throws an error that names the variable with the unusable address. */
function throwListenError(error: NodeJS.ErrnoException): never {
  if (error.code === 'EADDRINUSE') throw new ConfigError('PORT: another program uses it; choose a free one');
  if (error.code === 'EACCES') throw new ConfigError('PORT: this user may not use it; choose one above 1023');
  if (error.syscall === 'listen' || error.syscall === 'getaddrinfo')
    throw new ConfigError('HOST: must be an address of this machine');
  throw error;
}

/** Bounds the time of the stop, which waits for requests that wait for the database. */
function exitAfterDeadline(): void {
  setTimeout(() => process.exit(1), STOP_DEADLINE_MS).unref();
}
