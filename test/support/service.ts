import 'reflect-metadata';
import { fileURLToPath } from 'node:url';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { DataSource } from 'typeorm';
import { AppModule } from '../../src/app.module.js';
import { type Contract, CONTRACTS } from '../../src/auth/contract.js';
import { createAdapter, nestOptions, setUp } from '../../src/boot/http-app.js';
import { HASH_WORKER } from '../../src/passwords/worker/hash-process.js';
import { Clock } from '../../src/platform/clock/clock.js';
import { loadConfig } from '../../src/platform/config/config.js';
import { openApiDocument } from '../../src/platform/openapi/swagger.js';
import { RefusalPause } from '../../src/limits/refusal-pause.js';
import { createLogger } from '../../src/platform/logging/logger.js';
import { NestLogger } from '../../src/platform/logging/nest-logger.js';
import { StartupService } from '../../src/startup/startup.service.js';
import { Client } from './client.js';
import { newStore, type Store } from './store.js';

/** Returns a frozen time, which a test moves by hand. */
export class FakeClock extends Clock {
  /** @param time the first time, in milliseconds since 1970 */
  constructor(private time = Date.now()) {
    super();
  }

  override now(): number {
    return this.time;
  }

  /** Moves the time forward, or back if `seconds` is negative. */
  advance(seconds: number): void {
    this.time += seconds * 1000;
  }
}

/** A running service, with what a test needs from it. */
export interface Service {
  readonly app: NestFastifyApplication;
  readonly url: string;
  readonly client: Client;
  readonly clock: FakeClock;
  readonly store: Store;
  readonly dataSource: DataSource;
  /** All lines that the service has logged. */
  readonly log: Record<string, unknown>[];
  /** Stops the service. Removes the store unless the test has given one. */
  readonly stop: () => Promise<void>;
}

/** Settings with cheap hashes and a complete log. */
export const TEST_ENV = {
  ARGON2_MEMORY_KIB: '1024',
  ARGON2_TIME_COST: '1',
  LOG_LEVEL: 'info',
  SWAGGER: 'off',
  RATE_LIMIT: 'off',
  /** Is `argon2` in the project of that name, see `vitest.config.ts`. */
  HASH_ENGINE: process.env['HASH_ENGINE'] ?? 'auto',
};

/** Limits that are counted, but that no test reaches. */
export const UNREACHED_LIMITS = {
  RATE_LIMIT: 'on',
  LOGIN_LIMIT: '1000000',
  LOGIN_LIMIT_NAME: '1000000',
  LOGIN_LIMIT_SOURCE: '1000000',
  LOGIN_LIMIT_KNOWN: '1000000',
  SIGNUP_LIMIT: '1000000',
};

interface Options {
  readonly env?: Record<string, string>;
  readonly store?: Store;
  readonly clock?: FakeClock;
  /** The contracts that the service speaks (default: those of production). */
  readonly contracts?: readonly Contract[];
  /** Whether answers to refused guesses are delayed, as in production (default: no). */
  readonly pause?: boolean;
  /** Whether to wait until the service is ready (default: yes). */
  readonly ready?: boolean;
}

/** Starts the service inside the test process, on a free port. */
export async function startService({
  env = {},
  store,
  clock = new FakeClock(),
  contracts = CONTRACTS,
  pause = false,
  ready = true,
}: Options = {}): Promise<Service> {
  const ownStore = store ?? (await newStore());
  const config = loadConfig({ ...TEST_ENV, ...ownStore.env, ...env });
  const log: Record<string, unknown>[] = [];
  const logger = createLogger(config, { write: (line) => void log.push(JSON.parse(line) as Record<string, unknown>) });
  const builder = Test.createTestingModule({ imports: [AppModule.forRoot(config, contracts)] });
  if (!pause) builder.overrideProvider(RefusalPause).useValue({ wait: () => Promise.resolve() });
  const module = await builder
    .setLogger(new NestLogger(logger))
    // The tests run from the sources, but the worker process needs compiled code.
    .overrideProvider(HASH_WORKER)
    .useValue(fileURLToPath(new URL('../../dist/src/passwords/worker/hash-worker.js', import.meta.url)))
    .overrideProvider(Clock)
    .useValue(clock)
    .compile();
  const app = module.createNestApplication<NestFastifyApplication>(
    createAdapter(config, logger, { contracts }),
    nestOptions,
  );
  setUp(app, config);
  await app.listen(0, '127.0.0.1');
  if (ready) await app.get(StartupService).finished;
  const url = (await app.getUrl()).replace('[::1]', '127.0.0.1');
  return {
    app,
    url,
    client: new Client(url, openApiDocument(app)),
    clock,
    store: ownStore,
    dataSource: app.get(DataSource),
    log,
    stop: async () => {
      await app.close();
      if (!store) await ownStore.dispose();
    },
  };
}
