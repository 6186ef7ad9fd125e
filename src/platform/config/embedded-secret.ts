import { randomBytes, randomUUID } from 'node:crypto';
import { linkSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError } from './config.error.js';
import { makeDataFolder } from './data-folder.js';
import { readSmallFile, UnfitFileError } from './read-file.js';
import { weaknessOf } from './secret-strength.js';

/**
 * The secret of the embedded store: made at the first start and kept in `dataDir`, readable by its owner alone.
 * @throws ConfigError when it cannot be kept, or what is kept is no good secret.
 */
export function embeddedSecret(dataDir: string): string {
  const path = join(dataDir, 'auth-secret');
  try {
    makeDataFolder(dataDir);
    return existing(path) ?? created(path);
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw new ConfigError(`DATA_DIR: cannot be used (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`);
  }
}

function existing(path: string): string | undefined {
  try {
    const secret = readSmallFile(path, ({ mode }) => {
      if (process.platform !== 'win32' && (mode & 0o077) !== 0)
        throw new ConfigError('DATA_DIR: the file auth-secret is open to others; run chmod 600 on it');
    }).trim();
    if (weaknessOf(secret)) throw new ConfigError('DATA_DIR: the file auth-secret is damaged');
    return secret;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    if (error instanceof UnfitFileError) throw new ConfigError(`DATA_DIR: the file auth-secret ${error.message}`);
    throw error;
  }
}

function created(path: string): string {
  const draft = `${path}.${randomUUID()}`;
  const secret = randomBytes(48).toString('base64url');
  writeFileSync(draft, `${secret}\n`, { mode: 0o600, flag: 'wx' });
  try {
    // A link fails where the name exists, so that of two instances starting together one makes the secret and both use it.
    linkSync(draft, path);
    return secret;
  } catch (error) {
    const other = existing(path);
    if (other === undefined) throw error;
    return other;
  } finally {
    unlinkSync(draft);
  }
}
