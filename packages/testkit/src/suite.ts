import { type AccountInput, Latchkey, type SettingValues } from './client/latchkey.js';

/** Variable with the URL of a kit that runs already. Its suites start none of their own. */
export const URL_VARIABLE = 'LATCHKEY_URL';

/** What a suite finds after each reset. */
export interface SuiteOptions {
  readonly seed?: readonly AccountInput[];
  /** Settings by the names of their environment variables. */
  readonly settings?: SettingValues;
}

/** A tenant for one worker of a suite. */
export interface Opened {
  readonly latchkey: Latchkey;
  /** Stops what was started for it. */
  close(): Promise<void>;
}

/**
 * Returns a tenant of the kit at LATCHKEY_URL. Starts an instance in this process if the variable
 * is not set.
 * @param name the tenant, which no other worker of that kit may use
 */
export async function openTenant(name: string): Promise<Opened> {
  const url = process.env[URL_VARIABLE]?.replace(/\/+$/, '');
  if (url) return { latchkey: new Latchkey(`${url}/t/${name}`), close: async () => undefined };
  // A suite with a kit of its own loads only the client.
  const { startLatchkey } = await import('./start.js');
  const latchkey = await startLatchkey();
  return { latchkey, close: () => latchkey.stop() };
}

/** Resets a tenant, and gives it the accounts and settings of a suite. */
export async function resetTo(latchkey: Latchkey, { seed = [], settings = {} }: SuiteOptions): Promise<void> {
  await latchkey.reset();
  if (Object.keys(settings).length > 0) await latchkey.settings.change(settings);
  if (seed.length > 0) await latchkey.accounts.createMany(seed);
}
