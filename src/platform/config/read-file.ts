import { closeSync, constants, fstatSync, openSync, readFileSync, type Stats } from 'node:fs';

/** Permissions of users who neither own a file nor are of its group. */
const OTHERS = 0o007;

/** More than any of the files that are read at the start. */
const MAX_BYTES = 1024 * 1024;

/** A pipe would wait for its writer without it; regular files do not know it, and neither does Windows. */
const NONBLOCKING = process.platform === 'win32' ? 0 : constants.O_NONBLOCK;

/** Why a file is not read, in words for the operator. */
export class UnfitFileError extends Error {}

/**
 * Reads a small file of text.
 * @param assertFit is given the file that was opened, before it is read
 * @throws UnfitFileError for what is no regular file, which might never end or never begin
 */
export function readSmallFile(path: string, assertFit: (stats: Stats) => void = () => undefined): string {
  const file = openSync(path, constants.O_RDONLY | NONBLOCKING);
  try {
    const stats = fstatSync(file);
    if (!stats.isFile()) throw new UnfitFileError('is no regular file');
    if (stats.size > MAX_BYTES) throw new UnfitFileError('is too large');
    assertFit(stats);
    return readFileSync(file, 'utf8');
  } finally {
    closeSync(file);
  }
}

/** Opens a file for appending, makes it for its owner alone where there is none, and closes it. */
export function touchFile(path: string, assertFit: (stats: Stats) => void): void {
  const flags = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | NONBLOCKING;
  const file = openSync(path, flags, 0o600);
  try {
    const stats = fstatSync(file);
    if (!stats.isFile()) throw new UnfitFileError('is no regular file');
    assertFit(stats);
  } finally {
    closeSync(file);
  }
}

/** Whether all users of this machine may read, change or enter it. Windows has no such permissions. */
export function isOpenToAll({ mode }: Pick<Stats, 'mode'>): boolean {
  return process.platform !== 'win32' && (mode & OTHERS) !== 0;
}
