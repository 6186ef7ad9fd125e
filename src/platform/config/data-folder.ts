import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { ConfigError } from './config.error.js';
import { isOpenToAll } from './read-file.js';

/**
 * Makes the folder of the embedded store unless it exists. Only its owner may enter it.
 * @throws ConfigError when all users of this machine may enter it, since they could replace its
 *   files
 */
export function makeDataFolder(path: string): void {
  for (const folder of missingFolders(resolve(path))) makeFolder(folder);
  if (isOpenToAll(statSync(path)))
    throw new ConfigError('DATA_DIR: the folder is open to all users of this machine; run chmod o= on it');
}

/**
 * Returns the missing folders of a path, outermost first. `mkdir` with `recursive` would retry
 * without end in a folder that accepts no subfolder, such as /proc.
 */
function missingFolders(path: string): string[] {
  const missing: string[] = [];
  for (let folder = path; !existsSync(folder) && folder !== dirname(folder); folder = dirname(folder))
    missing.unshift(folder);
  return missing;
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    // Another process that starts at the same time has made it.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
