import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout, wherever a script is called from. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Installs the packages of the lock file unless they are there. */
export function install() {
  if (modified('node_modules/.package-lock.json') >= modified('package-lock.json')) return;
  console.log('installing packages ...');
  npm('ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error');
}

/** Compiles the sources unless they are older than what was compiled. */
export function build() {
  const newest = Math.max(
    ...['src', 'scripts/bundle.js', 'ormconfig.ts', 'tsconfig.json', 'tsconfig.build.json', 'package-lock.json'].map(
      newestIn,
    ),
  );
  if (modified('dist/bundle/main.js') >= newest) return;
  console.log('building ...');
  npm('run', 'build', '--silent');
}

/**
 * Runs npm, which is a script of another name on each system, and stops where it fails.
 * @param {string[]} args
 */
export function npm(...args) {
  const cli = process.env.npm_execpath;
  if (cli?.endsWith('.js')) run(process.execPath, [cli, ...args]);
  else run('npm', args, { shell: process.platform === 'win32' });
}

/**
 * Runs a command to its end, its output being ours; stops where it fails.
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
 * The latest change in a file or folder; a folder's own time tells of removed files.
 * @param {string} path
 * @returns {number}
 */
function newestIn(path) {
  const stat = statSync(join(root, path));
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(stat.mtimeMs, ...readdirSync(join(root, path)).map((name) => newestIn(join(path, name))));
}
