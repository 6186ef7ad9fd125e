import { randomBytes, randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError } from './config.error.js';
import { weaknessOf } from './secret-strength.js';

/**
 * The secret of the embedded store: made at the first start and kept in `dataDir`, readable by its owner alone.
 * @throws ConfigError when it cannot be kept, or what is kept is no good secret.
 */
export function embeddedSecret(dataDir: string): string {
  const path = join(dataDir, 'auth-secret');
  try {
    return existing(path) ?? created(path, dataDir);
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw new ConfigError(`DATA_DIR: cannot be used (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`);
  }
}

function existing(path: string): string | undefined {
  try {
    if (process.platform !== 'win32' && (statSync(path).mode & 0o077) !== 0)
      throw new ConfigError('DATA_DIR: the file auth-secret is open to others; run chmod 600 on it');
    const secret = readFileSync(path, 'utf8').trim();
    if (weaknessOf(secret)) throw new ConfigError('DATA_DIR: the file auth-secret is damaged');
    return secret;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function created(path: string, dataDir: string): string {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
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
