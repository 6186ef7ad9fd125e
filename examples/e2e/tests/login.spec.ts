import { expect, submit, test } from './application.js';

test.beforeEach(async ({ page }) => {
  await page.goto('/');
});

test('shows the account and its notes after a login', async ({ page, account }) => {
  await submit(page, 'Log in', account);

  await expect(page.locator('#user')).toHaveText(account.username);
  await expect(page.getByRole('listitem')).toHaveText(`a note of ${account.id}`);
});

test('refuses a wrong password', async ({ page, account }) => {
  await submit(page, 'Log in', { ...account, password: 'not this one' });

  await expect(page.getByRole('status')).toHaveText('Wrong name or password.');
});

test('refuses to sign up under a name that is taken', async ({ page, account }) => {
  await submit(page, 'Sign up', { username: account.username.toUpperCase(), password: 'correct horse battery staple' });

  await expect(page.getByRole('status')).toHaveText('This name is taken.');
});

test('says how long to wait after too many attempts, and lets the owner in then', async ({
  page,
  account,
  latchkey,
}) => {
  await latchkey.settings.change({ RATE_LIMIT: 'on', LOGIN_LIMIT: 1 });
  await submit(page, 'Log in', { ...account, password: 'not this one' });
  await expect(page.getByRole('status')).toHaveText('Wrong name or password.');
  await submit(page, 'Log in', account);
  await expect(page.getByRole('status')).toHaveText(/Try again in \d+ seconds/);

  const [, seconds] = /(\d+)/.exec(await page.getByRole('status').innerText()) ?? [];
  await latchkey.clock.advance(Number(seconds));
  await submit(page, 'Log in', account);

  await expect(page.locator('#user')).toHaveText(account.username);
});

test('ends the session of a disabled account, and refuses its password', async ({ page, account, latchkey }) => {
  await submit(page, 'Log in', account);
  await expect(page.locator('#user')).toHaveText(account.username);
  await latchkey.accounts.disable(account.id);

  await page.reload();
  await expect(page.getByRole('status')).toHaveText('Your session has ended.');
  await submit(page, 'Log in', account);
  await expect(page.getByRole('status')).toHaveText('Wrong name or password.');
});
