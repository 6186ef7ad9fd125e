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
/** That one waits for being ready before it listens: without a database the others cannot serve either, and may be gone. */
const READY_FIRST_MS = 2_000;

/**
 * Starts the service in this process.
 * @param readyFirst whether nothing is to be taken before it can be served, for a while: others serve the same port meanwhile
 * @returns its address, once it serves
 * @throws ConfigError for what whoever starts it can mend
 */
export async function startService(config: Config, logger: Logger, { readyFirst = false } = {}): Promise<string> {
  const app = await NestFactory.create<NestFastifyApplication>(
    AppModule.forRoot(config),
    createAdapter(config, logger),
    {
      ...nestOptions,
      logger: new NestLogger(logger),
    },
  );
  setUp(app, config);
  stopOnUncaughtError(logger, () => app.close());
  app.enableShutdownHooks(undefined, { useProcessExit: true });
  for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, exitAfterDeadline);
  if (readyFirst) await Promise.race([(await app.init()).get(StartupService).finished, sleep(READY_FIRST_MS)]);
  await app.listen(config.PORT, config.HOST).catch(explain);
  await app.get(StartupService).finished;
  return app.getUrl();
}

/** Says which variable an address that cannot be had comes from. */
function explain(error: NodeJS.ErrnoException): never {
  if (error.code === 'EADDRINUSE') throw new ConfigError('PORT: is taken by another program');
  if (error.code === 'EACCES') throw new ConfigError('PORT: may not be used by this user');
  if (error.syscall === 'listen' || error.syscall === 'getaddrinfo')
    throw new ConfigError('HOST: is no address of this machine');
  throw error;
}

/** Stopping waits for requests that wait for a database; not for longer than whoever stops us does. */
function exitAfterDeadline(): void {
  setTimeout(() => process.exit(1), STOP_DEADLINE_MS).unref();
}
