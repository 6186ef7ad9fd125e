import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { packageInfoOf } from './package-info.js';

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'latchkey-package-'));
  mkdirSync(join(root, 'dist', 'bundle'), { recursive: true });
  writeFileSync(join(root, 'package.json'), '{"name":"x","version":"1.2.3","private":true}');
});
afterAll(() => {
  rmSync(root, { recursive: true });
});

it.each([[], ['dist'], ['dist', 'bundle']])('finds the nearest package.json from %j', (...folders) => {
  expect(packageInfoOf(join(root, ...folders))).toEqual({ name: 'x', version: '1.2.3' });
});
