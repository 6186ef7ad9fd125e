import { closeSync, constants, fstatSync, openSync, readFileSync, type Stats } from 'node:fs';

/** Permissions of users who neither own a file nor belong to its group. */
const OTHERS = 0o007;

/** More than any file has that a start reads. */
const MAX_BYTES = 1024 * 1024;

/** Without it, opening a pipe would wait for a writer. It has no effect on regular files. */
const NONBLOCKING = process.platform === 'win32' ? 0 : constants.O_NONBLOCK;

/** A file that must not be read. The message continues a sentence that begins with the file. */
export class UnfitFileError extends Error {}

/**
 * Reads a small text file.
 * @param assertFit checks the opened file before it is read
 * @throws UnfitFileError for a large file, and for a pipe or device, whose read might never end
 */
export function readSmallFile(path: string, assertFit: (stats: Stats) => void = () => undefined): string {
  const file = openSync(path, constants.O_RDONLY | NONBLOCKING);
  try {
    const stats = fstatSync(file);
    if (!stats.isFile()) throw new UnfitFileError('is not a regular file');
    if (stats.size > MAX_BYTES) throw new UnfitFileError('is too large');
    assertFit(stats);
    return readFileSync(file, 'utf8');
  } finally {
    closeSync(file);
  }
}

/**
 * Makes a file that only its owner may use, unless it exists.
 * @param assertFit checks the opened file
 * @throws UnfitFileError for a pipe, a device or a folder
 */
export function touchFile(path: string, assertFit: (stats: Stats) => void): void {
  const flags = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | NONBLOCKING;
  const file = openSync(path, flags, 0o600);
  try {
    const stats = fstatSync(file);
    if (!stats.isFile()) throw new UnfitFileError('is not a regular file');
    assertFit(stats);
  } finally {
    closeSync(file);
  }
}

/**
 * Tells whether all users of this machine may read, change or enter a file. Windows has no such
 * permissions.
 */
export function isOpenToAll({ mode }: Pick<Stats, 'mode'>): boolean {
  return process.platform !== 'win32' && (mode & OTHERS) !== 0;
}
