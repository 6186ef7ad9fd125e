import type { AccountInput, FaultInput, Latchkey, SettingValues, TokenOptions } from './client/latchkey.js';
import { openTenant, resetTo, type SuiteOptions, URL_VARIABLE } from './suite.js';

/** The argument `on` of `setupNodeEvents`, as far as it is used here. */
export interface NodeEvents {
  (event: 'task', tasks: Record<string, (argument: never) => unknown>): void;
  (event: 'after:run', handler: () => Promise<void>): void;
}

/** The configuration of Cypress, as far as it is used here. */
export interface CypressConfig {
  env: Record<string, unknown>;
}

/**
 * Starts an instance, or takes a tenant of the kit at LATCHKEY_URL, and registers the tasks
 * `latchkey:...` over it. Call it in `setupNodeEvents`.
 * @returns the configuration, whose `env.LATCHKEY_URL` is the base URL for the application
 */
export async function setUpLatchkey<Config extends CypressConfig>(
  on: NodeEvents,
  config: Config,
  options: SuiteOptions = {},
): Promise<Config> {
  const tenant = await openTenant('cypress');
  const { latchkey } = tenant;
  await resetTo(latchkey, options);
  on('task', tasksOf(latchkey, options));
  on('after:run', () => tenant.close());
  config.env[URL_VARIABLE] = latchkey.url;
  return config;
}

/** A change of the clock: one of its members. */
export interface ClockChange {
  /** Seconds. */
  readonly advance?: number;
  /** ISO 8601. */
  readonly now?: string;
  readonly frozen?: boolean;
}

/** A task takes one argument. Cypress refuses a task that returns undefined. */
function tasksOf(latchkey: Latchkey, options: SuiteOptions) {
  return {
    'latchkey:reset': () => done(resetTo(latchkey, options)),
    'latchkey:account': (input: (AccountInput & { tokens?: boolean }) | null) =>
      latchkey.accounts.create(input ?? undefined),
    'latchkey:accounts': (inputs: readonly AccountInput[]) => latchkey.accounts.createMany(inputs),
    'latchkey:disable': (id: string) => latchkey.accounts.disable(id),
    'latchkey:enable': (id: string) => latchkey.accounts.enable(id),
    'latchkey:tokens': ({ username, ...rest }: TokenOptions & { username: string }) =>
      latchkey.tokens.mint(username, rest),
    'latchkey:clock': (change: ClockChange | null) => changeClock(latchkey, change ?? {}),
    'latchkey:settings': (values: SettingValues) => latchkey.settings.change(values),
    'latchkey:faults': (fault: FaultInput) => latchkey.faults.add(fault),
    'latchkey:limits': () => done(latchkey.limits.clear()),
    'latchkey:requests': () => latchkey.requests.list(),
    'latchkey:events': () => latchkey.events.list(),
    'latchkey:violations': () => latchkey.contract.violations(),
  };
}

async function changeClock({ clock }: Latchkey, { advance, now, frozen }: ClockChange) {
  if (now !== undefined) await clock.set(new Date(now));
  if (advance !== undefined) await clock.advance(advance);
  if (frozen !== undefined) await (frozen ? clock.freeze() : clock.unfreeze());
  return clock.read();
}

async function done(task: Promise<void>): Promise<null> {
  await task;
  return null;
}
