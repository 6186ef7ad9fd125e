import type { StorageState } from '@latchkey/testkit/playwright';
import { expect, inLocalStorage, test as base } from './application.js';

/** Pages that are signed in from the start, as one account for all tests of a worker. */
const test = base.extend<object, { signedIn: { username: string; state: StorageState } }>({
  // A reset before each test would end the session.
  latchkeyOptions: [
    ({ app }, use) => use({ reset: 'worker', settings: { CORS_ORIGINS: app.url } }),
    { scope: 'worker' },
  ],
  signedIn: [
    async ({ app, latchkey, signedInState }, use) => {
      const account = await latchkey.accounts.create();
      const state = await signedInState(account, { url: app.url, ...inLocalStorage });
      await use({ username: account.username, state });
    },
    { scope: 'worker' },
  ],
  storageState: ({ signedIn }, use) => use(signedIn.state),
});

test('opens the page signed in', async ({ page, signedIn }) => {
  await page.goto('/');

  await expect(page.locator('#user')).toHaveText(signedIn.username);
});
