import { existsSync } from 'node:fs';
import type { TestProject } from 'vitest/node';
import { findProgram, installDebianPackages } from '../../scripts/debian.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** Path of the Chromium program. */
    chromium: string;
  }
}

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome', 'msedge'];
const MAC = '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome';

/** Finds Chromium before all tests, or installs it from the distribution. */
export default function setup(project: TestProject): void {
  const path = process.env['CHROMIUM_PATH'] ?? found() ?? (installDebianPackages('chromium') ? found() : undefined);
  if (!path) throw new Error('test:browser needs Chromium or Chrome on the PATH, or its path in CHROMIUM_PATH');
  project.provide('chromium', path);
}

function found(): string | undefined {
  return findProgram(...NAMES) ?? (existsSync(MAC) ? MAC : undefined);
}
