import type { IncomingMessage, ServerResponse } from 'node:http';
import type { OpenAPIObject } from '@nestjs/swagger';
import { SecurityEventsService } from '../../../src/events/security-events.service.js';
import { JobsService } from '../../../src/jobs/jobs.service.js';
import { type KeyPair, NEW_KEY_PAIR, newKeyPair } from '../../../src/keys/key-pair.js';
import { SigningKeysService } from '../../../src/keys/signing-keys.service.js';
import { Counters } from '../../../src/limits/counters.js';
import { RefusalPause } from '../../../src/limits/refusal-pause.js';
import { RememberedRefusals } from '../../../src/limits/remembered-refusals.js';
import { HashProcess } from '../../../src/passwords/worker/hash-process.js';
import { Clock } from '../../../src/platform/clock/clock.js';
import { CONFIG, type Config } from '../../../src/platform/config/config.js';
import { DATA_SOURCE_OPTIONS } from '../../../src/platform/database/database.module.js';
import { createLogger } from '../../../src/platform/logging/logger.js';
import { openApiDocument } from '../../../src/platform/openapi/swagger.js';
import { type ComposedApp, composeApp } from './compose.js';
import { ContractLog } from './contract/contract-log.js';
import { Exchanges } from './exchanges.js';
import { Faults } from './faults.js';
import { Outbox } from './outbox.js';
import { InProcessHashes } from './providers/in-process-hashes.js';
import { MemoryStore } from './providers/memory-store.js';
import { ResettableCounters } from './providers/resettable-counters.js';
import { TestClock } from './providers/test-clock.js';
import { RequestsInProgress } from './requests-in-progress.js';
import { configOf, type Settings } from './settings.js';

export interface TenantOptions {
  /** The base URL, which is its issuer. */
  readonly url: string;
  readonly settings: Settings;
  readonly logLevel: string;
  /** Fills the store, at the start and after each reset. */
  readonly seed: (tenant: Tenant) => Promise<void>;
  /** Completes the OpenAPI document. */
  readonly complete: (document: OpenAPIObject, tenant: Tenant) => OpenAPIObject;
}

/** Shared by all tenants: a password has the same hash in each of them. */
const hashes = new InProcessHashes();

/** Keys that tell from their id that they are good for tests alone. */
function newTestKeyPair(): KeyPair {
  const pair = newKeyPair();
  return { ...pair, kid: `testkit-${pair.kid}` };
}

/**
 * A service of its own, with its accounts, clock and settings. A change of settings composes the
 * service again over the same store.
 */
export class Tenant {
  readonly clock = new TestClock();
  readonly exchanges = new Exchanges(this.clock);
  readonly faults = new Faults(this.exchanges);
  readonly outbox = new Outbox(this.clock);
  readonly contract = new ContractLog(this.exchanges, () => openApiDocument(this.composed.app));
  readonly store = new MemoryStore();
  private readonly counters = new ResettableCounters();
  private composed!: ComposedApp;
  private given: Settings;
  private readonly requests = new RequestsInProgress();

  private constructor(private readonly options: TenantOptions) {
    this.given = options.settings;
  }

  static async start(options: TenantOptions): Promise<Tenant> {
    const tenant = new Tenant(options);
    tenant.composed = await tenant.compose(options.settings);
    await options.seed(tenant);
    return tenant;
  }

  get url(): string {
    return this.options.url;
  }

  /** The settings that differ from the default. */
  get settings(): Settings {
    return this.given;
  }

  get config(): Config {
    return this.get<Config>(CONFIG);
  }

  /** Answers a request. It waits for a reset or a change of settings that is in progress. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    await this.requests.admit(response);
    this.composed.handle(request, response);
  }

  /** Returns a provider of the service. */
  get<T>(token: (abstract new (...args: never[]) => T) | symbol): T {
    return this.composed.app.get<T>(token, { strict: false });
  }

  /**
   * Changes settings, once the requests in progress have ended under the old ones.
   * @throws ConfigError for a setting that the service refuses; then nothing changes
   */
  changeSettings(changes: Settings): Promise<void> {
    return this.requests.pauseFor(() => this.useSettings({ ...this.given, ...changes }));
  }

  /**
   * Returns to the state after the start, but for the signing keys. Waits for the requests in
   * progress, so that none of them writes into the new state.
   */
  reset(): Promise<void> {
    // Ends delays, which the requests in progress may wait for.
    this.faults.clear();
    this.outbox.clear();
    return this.requests.pauseFor(async () => {
      // Before the store is cleared, since the service writes what it holds when it stops.
      if (this.given !== this.options.settings) await this.useSettings(this.options.settings);
      await this.flush();
      this.store.clear();
      this.clock.reset();
      this.clearLimits();
      this.exchanges.clear();
      this.contract.clear();
      await this.options.seed(this);
    });
  }

  /** Ends every 429. */
  clearLimits(): void {
    this.counters.clear();
    this.get(RememberedRefusals).forgetAll();
    this.contract.endWaits();
  }

  /** Moves the clock, and runs the jobs that are due. */
  async moveClock(move: (clock: TestClock) => void): Promise<void> {
    move(this.clock);
    await this.get(SigningKeysService).load();
    await this.get(JobsService).run();
  }

  /** Writes what the service still holds in memory. */
  async flush(): Promise<void> {
    await this.get(SecurityEventsService).write();
  }

  async stop(): Promise<void> {
    this.faults.clear();
    this.outbox.clear();
    await this.composed.app.close();
    this.store.close();
  }

  private async useSettings(settings: Settings): Promise<void> {
    const before = this.composed;
    this.composed = await this.compose(settings);
    this.given = settings;
    this.contract.endWaits();
    await before.app.close();
  }

  private compose(settings: Settings): Promise<ComposedApp> {
    const { url: issuer, logLevel } = this.options;
    const config = configOf(settings, { issuer, logLevel });
    return composeApp({
      config,
      // Standard output belongs to the program that started the kit.
      logger: createLogger(config, process.stderr),
      providers: new Map<unknown, unknown>([
        [Clock, this.clock],
        [Counters, this.counters],
        [DATA_SOURCE_OPTIONS, this.store.options],
        [HashProcess, hashes],
        [NEW_KEY_PAIR, newTestKeyPair],
        [RefusalPause, { wait: () => Promise.resolve() }],
      ]),
      extend: (fastify) => {
        // First, so that the captured answer is that of the fault.
        this.faults.extend(fastify);
        this.exchanges.capture(fastify);
      },
      complete: (document) => this.options.complete(document, this),
    });
  }
}
