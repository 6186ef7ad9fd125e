import { type BrowserContext, expect, type Page, test as base } from '@playwright/test';
import type { Account, Latchkey, TokenPair } from './client/latchkey.js';
import { openTenant, resetTo, type SuiteOptions } from './suite.js';

export { expect };

export type StorageState = Awaited<ReturnType<BrowserContext['storageState']>>;

export interface LatchkeyOptions extends SuiteOptions {
  /**
   * When accounts, sessions, clock, faults and settings return to the start. `worker` is for suites
   * that sign in once a worker, since a reset ends every session. Default: `test`.
   */
  readonly reset?: 'test' | 'worker';
  /**
   * Which violations of the contract fail a test. `answers` are faults of the service, `all` are
   * those of the application too. Default: `answers`.
   */
  readonly violations?: 'answers' | 'all' | 'none';
}

/** How an application keeps its tokens. */
export interface TokenStore {
  /** Puts the tokens where the application looks for them. */
  readonly store: (page: Page, tokens: TokenPair) => unknown;
}

export interface LatchkeyTestFixtures {
  /** A fresh account. */
  readonly account: Account;
  /** Opens a session for an account without its password, and stores its tokens in a page. */
  readonly signIn: (page: Page, account: { readonly username: string }, options: TokenStore) => Promise<TokenPair>;
  /** Resets before each test, and checks the contract after it. */
  readonly latchkeyOfTest: undefined;
}

export interface LatchkeyWorkerFixtures {
  readonly latchkeyOptions: LatchkeyOptions;
  /** The tenant or instance of this worker. */
  readonly latchkey: Latchkey;
  /**
   * Returns the `storageState` of a context in which an account is signed in, for use with
   * `reset: 'worker'`. `url` is the base URL of the application.
   */
  readonly signedInState: (
    account: { readonly username: string },
    options: TokenStore & { readonly url: string },
  ) => Promise<StorageState>;
  /** Resets before the first test of a worker. */
  readonly latchkeyOfWorker: undefined;
}

// Automatic fixtures come first, so the others find what a reset has left.
export const test = base.extend<LatchkeyTestFixtures, LatchkeyWorkerFixtures>({
  latchkeyOptions: [{}, { option: true, scope: 'worker' }],

  latchkey: [
    // eslint-disable-next-line no-empty-pattern -- Playwright reads the names of fixtures from it.
    async ({}, use, { parallelIndex }) => {
      const tenant = await openTenant(`w${parallelIndex}`);
      await use(tenant.latchkey);
      await tenant.close();
    },
    { scope: 'worker' },
  ],

  latchkeyOfWorker: [
    async ({ latchkey, latchkeyOptions }, use) => {
      if (latchkeyOptions.reset === 'worker') await resetTo(latchkey, latchkeyOptions);
      await use(undefined);
    },
    { scope: 'worker', auto: true },
  ],

  latchkeyOfTest: [
    async ({ latchkey, latchkeyOptions }, use, testInfo) => {
      if (latchkeyOptions.reset === 'worker') await latchkey.contract.clear();
      else await resetTo(latchkey, latchkeyOptions);
      await use(undefined);
      if (testInfo.status !== testInfo.expectedStatus) {
        const body = JSON.stringify(await latchkey.requests.list(), null, 2);
        await testInfo.attach('latchkey-requests', { body, contentType: 'application/json' });
      }
      expect(await violationsOf(latchkey, latchkeyOptions), 'violations of the contract').toEqual([]);
    },
    { auto: true },
  ],

  account: async ({ latchkey }, use) => {
    await use(await latchkey.accounts.create());
  },

  signIn: async ({ latchkey }, use) => {
    await use(async (page, { username }, { store }) => {
      const tokens = await latchkey.tokens.mint(username);
      await store(page, tokens);
      return tokens;
    });
  },

  signedInState: [
    async ({ browser, latchkey, latchkeyOptions }, use) => {
      await use(async ({ username }, { url, store }) => {
        if (latchkeyOptions.reset !== 'worker')
          throw new Error("signedInState needs latchkeyOptions with reset: 'worker', as a reset ends every session");
        const context = await browser.newContext({ baseURL: url });
        try {
          const page = await context.newPage();
          await page.goto(url);
          await store(page, await latchkey.tokens.mint(username));
          return await context.storageState({ indexedDB: true });
        } finally {
          await context.close();
        }
      });
    },
    { scope: 'worker' },
  ],
});

async function violationsOf(latchkey: Latchkey, { violations = 'answers' }: LatchkeyOptions) {
  if (violations === 'none') return [];
  const all = await latchkey.contract.violations();
  return violations === 'all' ? all : all.filter(({ side }) => side === 'answer');
}
