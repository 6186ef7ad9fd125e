import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { ConfigError } from './config.error.js';
import { isOpenToAll } from './read-file.js';

/**
 * Makes the folder of the embedded store, for its owner alone, where there is none.
 * @throws ConfigError when all users of this machine may enter it: they could put files of theirs beside its own, or in their place
 */
export function makeDataFolder(path: string): void {
  for (const folder of missingFolders(resolve(path))) makeFolder(folder);
  if (isOpenToAll(statSync(path)))
    throw new ConfigError('DATA_DIR: the folder is open to everybody on this machine; run chmod o= on it');
}

/** Outermost first. Not by `recursive`, which tries for ever where a folder exists and takes no other, as under /proc. */
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
    // Another process that starts at the same time was first.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
