import { defineConfig } from '@playwright/test';

const { CHROMIUM_PATH, LATCHKEY_URL } = process.env;

export default defineConfig({
  testDir: 'tests',
  fullyParallel: true,
  workers: 4,
  // CI machines stall.
  timeout: 60_000,
  expect: { timeout: 15_000 },
  // One kit for all workers, each with a tenant of its own. In CI, it may run already.
  webServer: LATCHKEY_URL
    ? []
    : { command: 'npx latchkey-testkit --port 0 --json', wait: { stdout: /"url":"(?<LATCHKEY_URL>[^"]+)"/ } },
  // Without a path, Playwright starts the browser that it has downloaded.
  use: { launchOptions: CHROMIUM_PATH ? { executablePath: CHROMIUM_PATH } : {} },
});
