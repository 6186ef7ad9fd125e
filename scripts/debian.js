import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Folders of programs that may be missing from the PATH. */
const MORE_FOLDERS = ['/usr/sbin', '/usr/local/sbin', '/usr/local/bin', '/opt/homebrew/bin', '/opt/homebrew/sbin'];

/**
 * Returns the path of the first of these programs that this machine has.
 * @param {...string} names
 * @returns {string | undefined}
 */
export function findProgram(...names) {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...MORE_FOLDERS];
  const extension = process.platform === 'win32' ? '.exe' : '';
  return names
    .flatMap((name) => folders.map((folder) => join(folder, name + extension)))
    .find((path) => existsSync(path));
}

/**
 * Installs packages of Debian or Ubuntu, if this process runs as root on such a system. Prints a
 * line, since this changes the machine.
 * @param {...string} names
 * @returns {boolean} whether it worked
 */
export function installDebianPackages(...names) {
  if (process.getuid?.() !== 0 || !findProgram('apt-get')) return false;
  console.log(`installing ${names.join(' ')} on this machine, by apt-get as root ...`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  /** @param {string[]} args */
  const apt = (...args) => spawnSync('apt-get', args, { env, stdio: ['ignore', 'ignore', 'inherit'] }).status === 0;
  return apt('update', '-qq') && apt('install', '-y', '-qq', '--no-install-recommends', ...names);
}

/**
 * Unpacks a package of Debian or Ubuntu into a folder, without installing it.
 * @param {string} name
 * @param {string} folder
 * @returns {boolean} whether it worked
 */
export function unpackDebianPackage(name, folder) {
  if (!findProgram('apt-get') || !findProgram('dpkg-deb')) return false;
  console.log(`unpacking ${name} ...`);
  spawnSync('apt-get', ['download', '-qq', name], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
  const file = readdirSync(folder).find((entry) => entry.startsWith(`${name}_`));
  return file !== undefined && spawnSync('dpkg-deb', ['-x', file, '.'], { cwd: folder }).status === 0;
}
