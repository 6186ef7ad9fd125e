import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

// Without isolation, the framework is loaded once a worker and not once a file; the files share no state of their own.
const e2e = {
  isolate: false,
  include: ['test/**/*.e2e-spec.ts'],
  testTimeout: 30_000,
  hookTimeout: 60_000,
};

export default defineConfig({
  test: {
    // Much of the time is the database's and the browser's, so that a worker for each of two cores pays.
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
          // The suite runs once with each library that hashes: here with the fallback, over a server with the faster one.
          env: { HASH_ENGINE: 'argon2' },
          globalSetup: ['test/support/built.ts'],
        },
      },
      { test: { name: 'mysql', ...e2e, globalSetup: ['test/support/built.ts', 'test/support/mysql-server.ts'] } },
      {
        test: {
          name: 'browser',
          include: ['test/**/*.browser-spec.ts'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
          globalSetup: ['test/support/chromium.ts'],
        },
      },
      {
        test: {
          name: 'cluster',
          isolate: false,
          // One cluster at a time.
          fileParallelism: false,
          include: ['test/cluster/*.cluster-spec.ts'],
          // Each commit of a group waits for all of its nodes, which share the cores of this machine.
          testTimeout: 300_000,
          hookTimeout: 120_000,
          globalSetup: ['test/support/built.ts', 'test/cluster/setup.ts'],
        },
      },
    ],
  },
});
