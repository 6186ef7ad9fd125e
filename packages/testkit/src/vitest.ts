import { afterAll, beforeAll, beforeEach } from 'vitest';
import type { Latchkey } from './client/latchkey.js';
import { openTenant, resetTo, type SuiteOptions, URL_VARIABLE } from './suite.js';

/**
 * Starts an instance for the tests of a file, or takes a tenant of the kit at LATCHKEY_URL. Resets
 * it before each test.
 * @returns the tenant, for use in hooks and tests
 */
export function useLatchkey(options: SuiteOptions = {}): Latchkey {
  let opened: Awaited<ReturnType<typeof openTenant>> | undefined;
  const latchkey = (): Latchkey => {
    if (!opened) throw new Error('useLatchkey: the kit runs only in hooks and tests');
    return opened.latchkey;
  };
  beforeAll(async () => {
    opened = await openTenant(`vitest-${process.env['VITEST_POOL_ID'] ?? '0'}`);
  });
  beforeEach(() => resetTo(latchkey(), options));
  afterAll(async () => {
    await opened?.close();
    opened = undefined;
  });
  return whenKnown(latchkey);
}

/**
 * Starts one kit for all workers, and sets LATCHKEY_URL for them. Does nothing where the variable
 * is set. Name this module in `globalSetup`, or export this function from a module of your own.
 * @returns what stops the kit
 */
export async function globalSetup(): Promise<() => Promise<void>> {
  if (process.env[URL_VARIABLE]) return async () => undefined;
  const { startLatchkey } = await import('./start.js');
  const latchkey = await startLatchkey();
  process.env[URL_VARIABLE] = latchkey.url;
  return async () => {
    // eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- The name is a constant.
    delete process.env[URL_VARIABLE];
    await latchkey.stop();
  };
}

/** The name under which Vitest looks for it. */
export { globalSetup as setup };

/** Returns an object with the members of another, which is known only later. */
function whenKnown(known: () => Latchkey): Latchkey {
  return new Proxy({} as Latchkey, { get: (_target, name) => Reflect.get(known(), name) as unknown });
}
