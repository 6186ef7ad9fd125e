import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { AppModule } from './app.module.js';
import { createAdapter, nestOptions, setUp } from './app.setup.js';
import { loadConfig } from './config/config.js';
import { ConfigError } from './config/config.error.js';
import { createLogger } from './logging/logger.js';
import { NestLogger } from './logging/nest-logger.js';
import { StartupService } from './startup/startup.service.js';

const STOP_DEADLINE_MS = 10_000;

/** Starts the service. @returns its address, once it serves */
async function start(): Promise<string> {
  const config = loadConfig();
  const logger = createLogger(config);
  const app = await NestFactory.create<NestFastifyApplication>(
    AppModule.forRoot(config),
    createAdapter(config, logger),
    {
      ...nestOptions,
      logger: new NestLogger(logger),
    },
  );
  setUp(app, config);
  app.enableShutdownHooks(undefined, { useProcessExit: true });
  for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, exitAfterDeadline);
  await app.listen(config.PORT, config.HOST).catch(explain);
  await app.get(StartupService).finished;
  const url = await app.getUrl();
  logger.info({ url }, 'ready');
  return url;
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

/** What stops a start is one line for whoever reads the console; the stack is of use for errors of ours alone. */
function fail(error: unknown): never {
  // Not the error itself: a database's carries the statement's parameters along.
  console.error(error instanceof ConfigError ? `latchkey: ${error.message}` : (error as Error).stack);
  process.exit(1);
}

export const url = await start().catch(fail);
