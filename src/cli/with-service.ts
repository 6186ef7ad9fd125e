import 'reflect-metadata';
import { setTimeout as sleep } from 'node:timers/promises';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AppModule } from '../app.module.js';
import { loadConfig } from '../platform/config/config.js';
import { StartupService } from '../startup/startup.service.js';

/** How long a command waits for the database. The service itself waits without a limit. */
const READY_DEADLINE_MS = 10_000;

/**
 * Opens the service without its HTTP server, runs `work` once the service is ready, and closes the
 * service.
 * @throws ConfigError for a wrong configuration, Error if the database does not answer in time
 */
export async function withService(work: (app: INestApplicationContext) => Promise<void>): Promise<void> {
  const options = { logger: false, abortOnError: false } as const;
  const app = await NestFactory.createApplicationContext(AppModule.forRoot(loadConfig()), options);
  try {
    await Promise.race([app.get(StartupService).finished, rejectAtDeadline()]);
    await work(app);
  } finally {
    await app.close();
  }
}

async function rejectAtDeadline(): Promise<never> {
  await sleep(READY_DEADLINE_MS, undefined, { ref: false });
  throw new Error('the database does not answer');
}
