import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

// Without isolation, each worker loads the framework once, not once for each file. Files share no
// state.
const e2e = {
  isolate: false,
  include: ['test/**/*.e2e-spec.ts'],
  testTimeout: 30_000,
  hookTimeout: 60_000,
};

export default defineConfig({
  test: {
    // Tests often wait for the database or the browser, so two workers are faster even on two
    // cores.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{src,test}/**/*.spec.ts'],
          testTimeout: 30_000,
          globalSetup: ['test/support/built.ts'],
        },
      },
      {
        test: {
          name: 'e2e',
          ...e2e,
          // This project covers the fallback library for hashes. The project mysql covers the
          // faster library.
          env: { HASH_ENGINE: 'argon2' },
          globalSetup: ['test/support/built.ts'],
        },
      },
      { test: { name: 'mysql', ...e2e, globalSetup: ['test/support/built.ts', 'test/support/mysql-server.ts'] } },
      {
        test: {
          name: 'testkit',
          include: ['packages/testkit/test/**/*.spec.ts'],
          globalSetup: ['packages/testkit/test/support/built.ts'],
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'browser',
          include: ['test/**/*.browser-spec.ts'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
          globalSetup: ['test/support/chromium.ts', 'packages/testkit/test/support/built.ts'],
        },
      },
      {
        test: {
          name: 'cluster',
          isolate: false,
          // Only one cluster runs at a time.
          fileParallelism: false,
          include: ['test/cluster/*.cluster-spec.ts'],
          // Each commit waits for all nodes, which share the cores of this machine.
          testTimeout: 300_000,
          hookTimeout: 120_000,
          globalSetup: ['test/support/built.ts', 'test/cluster/setup.ts'],
        },
      },
    ],
  },
});
