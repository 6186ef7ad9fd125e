import { test as base, type TokenStore } from '@latchkey/testkit/playwright';
import type { Page } from '@playwright/test';
import { start } from '../server.js';

export { expect } from '@latchkey/testkit/playwright';

/** One application for each worker, with the tenant of that worker. */
export const test = base.extend<object, { app: { url: string } }>({
  app: [
    async ({ latchkey }, use) => {
      const app = await start({ latchkeyUrl: latchkey.url, port: 0 });
      await use(app);
      app.stop();
    },
    { scope: 'worker' },
  ],
  // The page calls Latchkey from the origin of the application.
  latchkeyOptions: [({ app }, use) => use({ settings: { CORS_ORIGINS: app.url } }), { scope: 'worker' }],
  baseURL: ({ app }, use) => use(app.url),
});

/** Puts tokens where the application keeps them. */
export const inLocalStorage: TokenStore = {
  store: async (page, { access, refresh }) => {
    await page.goto('/');
    await page.evaluate((text) => {
      localStorage.setItem('tokens', text);
    }, JSON.stringify({ access, refresh }));
    await page.reload();
  },
};

export async function submit(
  page: Page,
  button: 'Log in' | 'Sign up',
  account: { username: string; password: string },
) {
  await page.getByLabel('Name').fill(account.username);
  await page.getByLabel('Password').fill(account.password);
  await page.getByRole('button', { name: button }).click();
}
