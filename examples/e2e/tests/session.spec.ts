import { expect, inLocalStorage, test } from './application.js';

const ACCESS_TOKEN_TTL = 900;
const REFRESH_TOKEN_TTL = 604_800;
const REFRESH_REPLAY_WINDOW = 30;

test('exchanges its tokens when they expire, until the session has expired too', async ({
  page,
  account,
  signIn,
  latchkey,
}) => {
  await signIn(page, account, inLocalStorage);
  await latchkey.clock.advance(ACCESS_TOKEN_TTL + 1);
  await page.reload();
  await expect(page.locator('#user')).toHaveText(account.username);

  await latchkey.clock.advance(REFRESH_TOKEN_TTL + 1);
  await page.reload();
  await expect(page.getByRole('status')).toHaveText('Your session has ended.');
});

// The service has rotated the token, and the page never hears of it. A browser may repeat a request
// whose answer has not begun. Once the answer has begun, the page must repeat the request itself.
for (const action of ['drop', 'truncate'] as const)
  test(`keeps its session when the answer to an exchange is lost (${action})`, async ({
    page,
    account,
    signIn,
    latchkey,
  }) => {
    const { refresh } = await signIn(page, account, inLocalStorage);
    await expect(page.locator('#user')).toHaveText(account.username);
    await latchkey.clock.advance(ACCESS_TOKEN_TTL + 1);
    await latchkey.faults.add({ match: { method: 'POST', path: '/auth/token/refresh' }, when: 'after', action });
    await page.reload();

    await expect(page.locator('#user')).toHaveText(account.username);
    expect(await page.evaluate(() => localStorage.getItem('tokens'))).not.toContain(refresh);
    expect(await latchkey.faults.list()).toMatchObject([{ times: 0 }]);
  });

test('ends the session when a thief uses an old refresh token', async ({
  page,
  account,
  signIn,
  latchkey,
  request,
}) => {
  const stolen = await signIn(page, account, inLocalStorage);
  await latchkey.clock.advance(ACCESS_TOKEN_TTL + 1);
  await page.reload();
  await expect(page.locator('#user')).toHaveText(account.username);

  await latchkey.clock.advance(REFRESH_REPLAY_WINDOW + 1);
  const answer = await request.post(`${latchkey.url}/auth/token/refresh`, { data: { refresh: stolen.refresh } });
  expect(answer.status()).toBe(401);

  await page.reload();
  await expect(page.getByRole('status')).toHaveText('Your session has ended.');
});

test('logs out in all tabs at once', async ({ page, context, account, signIn }) => {
  await signIn(page, account, inLocalStorage);
  const other = await context.newPage();
  await other.goto('/');
  await expect(other.locator('#user')).toHaveText(account.username);

  await page.getByRole('button', { name: 'Log out' }).click();

  await expect(page.getByRole('status')).toHaveText('You have logged out.');
  await expect(other.getByRole('button', { name: 'Log in' })).toBeVisible();
});
