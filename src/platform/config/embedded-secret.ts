import { randomBytes, randomUUID } from 'node:crypto';
import { linkSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError } from './config.error.js';
import { makeDataFolder } from './data-folder.js';
import { readSmallFile, UnfitFileError } from './read-file.js';
import { weaknessOf } from './secret-strength.js';

/**
 * Returns the secret of the embedded store. The first start makes the secret, and keeps it in a
 * file of `dataDir` that only its owner may read.
 * @throws ConfigError when the secret cannot be kept, or the kept secret is damaged
 */
export function embeddedSecret(dataDir: string): string {
  const path = join(dataDir, 'auth-secret');
  try {
    makeDataFolder(dataDir);
    return readSecret(path) ?? createSecret(path);
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw new ConfigError(`DATA_DIR: cannot be used (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`);
  }
}

function readSecret(path: string): string | undefined {
  try {
    const secret = readSmallFile(path, ({ mode }) => {
      if (process.platform !== 'win32' && (mode & 0o077) !== 0)
        throw new ConfigError('DATA_DIR: the file auth-secret is open to other users; run chmod 600 on it');
    }).trim();
    if (weaknessOf(secret)) throw new ConfigError('DATA_DIR: the file auth-secret is damaged; restore it');
    return secret;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    if (error instanceof UnfitFileError) throw new ConfigError(`DATA_DIR: the file auth-secret ${error.message}`);
    throw error;
  }
}

function createSecret(path: string): string {
  const draft = `${path}.${randomUUID()}`;
  const secret = randomBytes(48).toString('base64url');
  writeFileSync(draft, `${secret}\n`, { mode: 0o600, flag: 'wx' });
  try {
    // A link fails when the name exists, so that two processes that start together use one secret.
    linkSync(draft, path);
    return secret;
  } catch (error) {
    const other = readSecret(path);
    if (other === undefined) throw error;
    return other;
  } finally {
    unlinkSync(draft);
  }
}
