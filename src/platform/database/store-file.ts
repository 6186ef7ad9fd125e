import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { ConfigError } from '../config/config.error.js';
import { makeDataFolder } from '../config/data-folder.js';
import { isOpenToAll, touchFile, UnfitFileError } from '../config/read-file.js';

/**
 * The suffixes of the files beside the store. SQLite gives a new one the mode of the store, and
 * leaves the mode of an existing one.
 */
const BESIDE = ['-wal', '-shm'];

/**
 * Creates the file of the embedded store before SQLite does, so that only its owner can open it.
 * @throws ConfigError when it is no regular file, or when all users of this machine may read or
 *   change it
 */
export function prepareStoreFile(path: string): void {
  try {
    makeDataFolder(dirname(path));
    touchFile(path, (stats) => {
      assertPrivate(stats);
    });
    for (const suffix of BESIDE) {
      const stats = statSync(path + suffix, { throwIfNoEntry: false });
      if (stats) assertPrivate(stats);
    }
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    if (error instanceof UnfitFileError) throw new ConfigError(`DATA_DIR: the file of the store ${error.message}`);
    throw cannotBeOpened(error);
  }
}

/** Returns the error for an embedded store that cannot be opened. */
export function cannotBeOpened(error: unknown): ConfigError {
  const { code = 'unknown' } = error as NodeJS.ErrnoException;
  return new ConfigError(`DATA_DIR: the store in it cannot be opened (${code})`, { cause: error });
}

function assertPrivate(stats: { mode: number }): void {
  if (isOpenToAll(stats))
    throw new ConfigError('DATA_DIR: the store in it is open to all users of this machine; run chmod o= on its files');
}
