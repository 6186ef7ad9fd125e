import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the checkout. Scripts can be called from any folder. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));

const SOURCES = [
  ...['src', 'scripts/bundle.js', 'ormconfig.ts', 'tsconfig.json', 'tsconfig.build.json'],
  ...['package.json', 'package-lock.json'],
];

const TESTKIT_SOURCES = [
  ...['packages/testkit/src', 'packages/testkit/package.json', 'scripts/bundle-testkit.js'],
  ...['src', 'tsconfig.json', 'package.json', 'package-lock.json'],
];

/** Installs the packages of the lock file, unless they are installed. */
export function install() {
  if (isInstalled()) return;
  console.error('installing packages ...');
  npm('ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error');
}

/** Tells whether the packages are newer than the lock file, with a link to each workspace. */
function isInstalled() {
  if (modified('node_modules/.package-lock.json') < modified('package-lock.json')) return false;
  /** @type {{ packages: Record<string, { link?: boolean }> }} */
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  return Object.entries(packages).every(([path, { link }]) => !link || existsSync(join(root, path)));
}

/** Compiles the sources, unless the build is newer. */
export function build() {
  if (isStale('dist/bundle/main.js', SOURCES)) npm('run', 'build', '--silent');
}

/** Bundles the test kit, unless its bundle is newer. */
export function buildTestkit() {
  if (isStale('packages/testkit/dist/index.d.ts', TESTKIT_SOURCES)) npm('run', 'build:testkit', '--silent');
}

/**
 * Tells whether a result of a build is older than its sources, and says so.
 * @param {string} result
 * @param {string[]} from files and folders
 */
function isStale(result, from) {
  if (modified(result) >= Math.max(...from.map(newestIn))) return false;
  // Standard output may belong to a program that follows.
  console.error('building ...');
  return true;
}

/**
 * Runs npm, and exits when npm fails. The name of npm's program differs between systems.
 * @param {string[]} args
 */
export function npm(...args) {
  const cli = process.env.npm_execpath;
  if (cli?.endsWith('.js')) run(process.execPath, [cli, ...args]);
  else run('npm', args, { shell: process.platform === 'win32' });
}

/**
 * Runs a command with the output of this process, and exits when the command fails.
 * @param {string} command
 * @param {string[]} args
 * @param {import('node:child_process').SpawnSyncOptions} options
 */
export function run(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit', ...options });
  if (error) console.error(`${command}: ${error.message}`);
  if (status !== 0) process.exit(status ?? 1);
}

/** @param {string} path @returns {number} */
function modified(path) {
  const absolute = join(root, path);
  return existsSync(absolute) ? statSync(absolute).mtimeMs : 0;
}

/**
 * Returns the time of the latest change in a file or folder. A folder's own time covers removed
 * files.
 * @param {string} path
 * @returns {number}
 */
function newestIn(path) {
  const stat = statSync(join(root, path));
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(stat.mtimeMs, ...readdirSync(join(root, path)).map((name) => newestIn(join(path, name))));
}
