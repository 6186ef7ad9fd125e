import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium, type Locator, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type Service, startService } from './support/service.js';

const profile = mkdtempSync(join(tmpdir(), 'latchkey-browser-'));
let service: Service;
let browser: BrowserContext;
let page: Page;
/** Errors that the browser reports. */
const errors: string[] = [];

beforeAll(async () => {
  service = await startService({ env: { SWAGGER: 'on' } });
  browser = await chromium.launchPersistentContext(profile, {
    executablePath: inject('chromium'),
    headless: true,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
  page = await browser.newPage();
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.text().includes('status of 4')) errors.push(message.text());
  });
  page.on('pageerror', (error) => errors.push(error.message));
  await page.goto(`${service.url}/docs`);
});

afterAll(async () => {
  await browser.close();
  await service.stop();
  rmSync(profile, { recursive: true, force: true });
});

/** Presses Try it out and Execute on an operation, and returns the answer to its example. */
async function execute(method: string, path: string): Promise<{ status: number; body: Record<string, string> }> {
  const operation: Locator = page.locator(`.opblock-${method}`).filter({ has: page.locator(`[data-path="${path}"]`) });
  await operation.locator('.opblock-summary-control').click();
  await operation.getByRole('button', { name: 'Try it out' }).click();
  await operation.getByRole('button', { name: 'Execute' }).click();
  const live = operation.locator('.live-responses-table');
  await live.waitFor();
  const status = Number((await live.locator('.response-col_status').last().innerText()).trim().split(/\s/)[0]);
  const shown = live
    .locator('.response-col_description .highlight-code, .response-col_description pre.microlight')
    .first();
  const text = status === 204 ? '{}' : await shown.innerText();
  return {
    status,
    body: JSON.parse(text.slice(text.indexOf('{'), text.lastIndexOf('}') + 1)) as Record<string, string>,
  };
}

async function authorize(token: string): Promise<void> {
  await page.getByRole('button', { name: 'Authorize' }).first().click();
  await page.locator('#auth-bearer-value').fill(token);
  const bearer = page.locator('.modal-ux form').filter({ has: page.locator('#auth-bearer-value') });
  await bearer.getByRole('button', { name: 'Apply credentials' }).click();
  await page.locator('.modal-ux .close-modal').click();
}

describe('Swagger UI', () => {
  it('shows every route', async () => {
    await page.locator('.opblock').first().waitFor();
    expect(await page.locator('.opblock').count()).toBe(19);
  });

  it('executes its examples in order', async () => {
    const registered = await execute('post', '/auth/register');
    expect(registered.status).toBe(201);
    const login = await execute('post', '/auth/token');
    expect(login.status).toBe(200);

    await authorize(login.body['access']!);
    expect(await execute('get', '/auth/getuser')).toEqual({ status: 200, body: { username: 'alice' } });
    expect(await execute('post', '/auth/token/verify')).toEqual({ status: 200, body: {} });
    const refreshed = await execute('post', '/auth/token/refresh');
    expect(refreshed.status).toBe(200);
    expect(refreshed.body['refresh']).not.toBe(login.body['refresh']);

    expect((await execute('post', '/user/signup')).status).toBe(201);
    const loginB = await execute('post', '/user/login');
    expect(loginB.status).toBe(201);
    expect((await execute('post', '/user/login/refresh')).status).toBe(201);
    expect((await execute('delete', '/user/login')).status).toBe(204);
    expect((await service.client.get('/auth/getuser', loginB.body['access_token'])).status).toBe(401);
  });

  it('causes no errors in the browser', () => {
    expect(errors).toEqual([]);
  });
});
