// `npm run test:node`: the unit and end-to-end suites on each supported version of Node, or on the
// given version: `npm run test:node -- 24`. The binaries come from the packages behind npm's
// `node`.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { build, install, npm, root } from './prepare.js';

const SUPPORTED = ['20.19', '22', '24'];

process.chdir(root);
const [first = '', ...more] = process.argv.slice(2);
const isVersionGiven = /^\d/.test(first);
const versions = isVersionGiven ? [first] : SUPPORTED;
const vitestArgs = isVersionGiven ? more : process.argv.slice(2);
install();
build();
const failed = versions.filter((version) => !passesOn(version));
for (const version of versions) console.log(`Node ${version}: ${failed.includes(version) ? 'FAILED' : 'passed'}`);
if (failed.length > 0) process.exitCode = 1;

/**
 * Runs the suites on a version of Node. Tells whether they pass.
 * @param {string} version
 * @returns {boolean}
 */
function passesOn(version) {
  const node = installNode(version);
  console.log(`\n== Node ${version}: ${spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.trim()}`);
  const projects = vitestArgs.some((arg) => arg.startsWith('--project')) ? [] : ['--project=unit', '--project=e2e'];
  const args = ['node_modules/vitest/vitest.mjs', 'run', ...projects, ...vitestArgs];
  // Tests start processes by process.execPath, which is this binary.
  return spawnSync(node, args, { cwd: root, stdio: 'inherit' }).status === 0;
}

/**
 * Installs a version of Node into node_modules/.cache, unless it is there. Exits when npm fails.
 * @param {string} version
 * @returns {string} the path of the binary
 */
function installNode(version) {
  const isWindows = process.platform === 'win32';
  const name = `node-${isWindows ? 'win' : process.platform}-${process.arch}`;
  const folder = join(root, 'node_modules/.cache/node', version);
  const binary = join(folder, 'node_modules', name, 'bin', isWindows ? 'node.exe' : 'node');
  if (existsSync(binary)) return binary;
  console.log(`installing Node ${version} from npm ...`);
  npm('install', '--prefix', folder, '--no-save', '--workspaces=false', '--loglevel=error', `${name}@${version}`);
  if (existsSync(binary)) return binary;
  console.error(`npm has installed ${name}, but without ${binary}`);
  process.exit(1);
}
