import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig } from './config.js';
import { ConfigError } from './config.error.js';

const SECRET = 'hB7wq2Zr9Xk4Vt1Yc6Lm3Nd8Pf5Gs0Ja';
const URL_ = 'mysql://latchkey:hunter2@db.example.com:3306/latchkey';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'latchkey-config-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe('loadConfig', () => {
  it('has a default for every variable', () => {
    const config = loadConfig({ DATA_DIR: folder });
    expect(config).toMatchObject({
      HOST: '127.0.0.1',
      PORT: 3000,
      ISSUER: 'http://localhost:3000',
      ACCESS_TOKEN_TTL: 900,
      REFRESH_TOKEN_TTL: 604_800,
      SESSION_MAX_AGE: 7_776_000,
      MAX_SESSIONS: 1_000,
      REFRESH_REPLAY_WINDOW: 30,
      ARGON2_MEMORY_KIB: 19_456,
      ARGON2_TIME_COST: 2,
      ARGON2_PARALLELISM: 1,
      HASH_ENGINE: 'auto',
      HASH_TIMEOUT: 10,
      PASSWORD_MIN_LENGTH: 8,
      PASSWORD_BLOCKLIST: true,
      PASSWORD_CONTEXT_WORDS: [],
      RATE_LIMIT: true,
      LOGIN_LIMIT: 10,
      LOGIN_LIMIT_SOURCE: 100,
      LOGIN_LIMIT_NAME: 50,
      LOGIN_LIMIT_KNOWN: 1000,
      LOGIN_LIMIT_WINDOW: 900,
      LOGIN_DELAY: 60,
      LOGIN_DELAY_MAX: 3600,
      KNOWN_SOURCE_DAYS: 180,
      SIGNUP_LIMIT: 200,
      SIGNUP_LIMIT_WINDOW: 3600,
      EVENT_DAYS: 30,
      DATABASE_POOL: 10,
      DATABASE_TIMEOUT: 5,
      CORS_ORIGINS: [],
      TRUST_PROXY: [],
      LOG_LEVEL: 'info',
      SWAGGER: true,
      WORKERS: 1,
    });
    expect(config.HASH_CONCURRENCY).toBeGreaterThan(0);
  });

  it('treats empty variables as unset', () => {
    expect(loadConfig({ DATA_DIR: folder, PORT: '', DATABASE_URL: '', CORS_ORIGINS: '' })).toMatchObject({
      PORT: 3000,
      CORS_ORIGINS: [],
    });
  });

  it('reads lists', () => {
    const config = loadConfig({
      AUTH_SECRET: SECRET,
      CORS_ORIGINS: 'https://a.example.com, http://localhost:8080',
      TRUST_PROXY: '192.0.2.1, 2001:db8::/32',
    });
    expect(config.CORS_ORIGINS).toEqual(['https://a.example.com', 'http://localhost:8080']);
    expect(config.TRUST_PROXY).toEqual(['192.0.2.1', '2001:db8::/32']);
  });

  it.each<[string, string]>([
    ['PORT', '70000'],
    ['PORT', '-1'],
    ['PORT', '3000.5'],
    ['PORT', '0x10'],
    ['PORT', ' 3000'],
    ['DATABASE_URL', 'postgres://user:hunter2@db.example.com/latchkey'],
    ['DATABASE_URL', 'db.example.com'],
    ['DATABASE_URL', 'mysql://user:hunter2@db.example.com'],
    ['DATABASE_URL', 'mysql://db.example.com/latchkey'],
    ['DATABASE_URL', `${URL_}?multipleStatements=true`],
    ['DATABASE_URL', `${URL_}?ssl-ca=/ca.pem`],
    ['DATABASE_URL', `${URL_}?ssl=off&ssl-ca=/ca.pem`],
    ['DATABASE_URL', `${URL_}?ssl=on&ssl-ca=`],
    ['DATABASE_URL', `${URL_}?ssl=on&ssl=off`],
    ['DATABASE_URL', `${URL_}?ssl=on&ssl-ca=/ca.pem&ssl-ca=/other.pem`],
    ['AUTH_SECRET', 'short'],
    ['AUTH_SECRET', 'a'.repeat(64)],
    ['AUTH_SECRET', 'changeme-changeme-changeme-changeme'],
    ['AUTH_SECRET', 'ThisIsMySuperSecretPasswordForDevelopment'],
    ['ISSUER', 'latchkey'],
    ['ISSUER', 'ftp://example.com'],
    ['ISSUER', 'https://example.com/?a=b'],
    ['ACCESS_TOKEN_TTL', '9'],
    ['ACCESS_TOKEN_TTL', '-1'],
    ['ACCESS_TOKEN_TTL', 'Infinity'],
    ['REFRESH_TOKEN_TTL', '1e9'],
    ['SESSION_MAX_AGE', '0'],
    ['MAX_SESSIONS', '0'],
    ['REFRESH_REPLAY_WINDOW', '-1'],
    ['REFRESH_REPLAY_WINDOW', '301'],
    ['ARGON2_MEMORY_KIB', '1'],
    ['ARGON2_TIME_COST', '0'],
    ['ARGON2_PARALLELISM', '0'],
    ['HASH_CONCURRENCY', '0'],
    ['HASH_TIMEOUT', '0'],
    ['HASH_TIMEOUT', '61'],
    ['PASSWORD_MIN_LENGTH', '7'],
    ['PASSWORD_BLOCKLIST', 'yes'],
    ['RATE_LIMIT', '1'],
    ['LOGIN_LIMIT', '0'],
    ['LOGIN_DELAY', '3601'],
    ['EVENT_DAYS', '-1'],
    ['DATABASE_POOL', '0'],
    ['DATABASE_TIMEOUT', '0'],
    ['DATABASE_TIMEOUT', '61'],
    ['CORS_ORIGINS', '*'],
    ['CORS_ORIGINS', 'https://example.com/'],
    ['CORS_ORIGINS', 'example.com'],
    ['TRUST_PROXY', 'on'],
    ['TRUST_PROXY', '192.0.2.0/33'],
    ['LOG_LEVEL', 'loud'],
    ['SWAGGER', 'true'],
    ['WORKERS', '2'],
    ['WORKERS', 'many'],
  ])('names %s but not its value when it refuses %s', (name, value) => {
    const load = () => loadConfig({ AUTH_SECRET: SECRET, [name]: value });
    expect(load).toThrow(ConfigError);
    expect(load).toThrow(new RegExp(`^${name}: `));
    expect(load).not.toThrow(/hunter2|ThisIsMy|changeme-/);
    expect(load).not.toThrow(/\n/);
  });

  it.each<[string, number]>([
    ['auto', availableParallelism()],
    ['1', 1],
    ['2', 2],
    ['64', 64],
  ])('accepts WORKERS=%s with a database', (WORKERS, expected) => {
    expect(loadConfig({ AUTH_SECRET: SECRET, DATABASE_URL: URL_, WORKERS }).WORKERS).toBe(expected);
  });

  it.each(['0', '65', '100', '-1', '1.5', 'many', 'AUTO'])('refuses WORKERS=%s with a database', (WORKERS) => {
    const load = () => loadConfig({ AUTH_SECRET: SECRET, DATABASE_URL: URL_, WORKERS });
    expect(load).toThrow(/^WORKERS: must be auto or/);
  });

  it.each(['auto', '1'])('reads WORKERS=%s as 1 on the embedded store', (WORKERS) => {
    expect(loadConfig({ DATA_DIR: folder, WORKERS }).WORKERS).toBe(1);
  });

  it('refuses more than one worker on the embedded store, and suggests DATABASE_URL', () => {
    expect(() => loadConfig({ DATA_DIR: folder, WORKERS: '2' })).toThrow(/^WORKERS: .*set DATABASE_URL/);
  });

  it.each<[string, Record<string, string>]>([
    ['ACCESS_TOKEN_TTL', { ACCESS_TOKEN_TTL: '3600', REFRESH_TOKEN_TTL: '60' }],
    ['REFRESH_TOKEN_TTL', { ACCESS_TOKEN_TTL: '10', REFRESH_TOKEN_TTL: '3600', SESSION_MAX_AGE: '60' }],
  ])('refuses values that contradict each other: %s', (name, env) => {
    expect(() => loadConfig({ AUTH_SECRET: SECRET, ...env })).toThrow(new RegExp(`^${name}: `));
  });

  it('requires a secret with a database', () => {
    expect(() => loadConfig({ DATABASE_URL: URL_ })).toThrow('AUTH_SECRET: must be set when DATABASE_URL is');
  });

  it('makes the secret of the embedded store only once', () => {
    const { AUTH_SECRET } = loadConfig({ DATA_DIR: join(folder, 'new') });
    expect(loadConfig({ DATA_DIR: join(folder, 'new') }).AUTH_SECRET).toBe(AUTH_SECRET);
    expect(loadConfig({ DATA_DIR: join(folder, 'other') }).AUTH_SECRET).not.toBe(AUTH_SECRET);
    if (process.platform !== 'win32') expect(statSync(join(folder, 'new', 'auth-secret')).mode & 0o777).toBe(0o600);
  });

  it('refuses a damaged secret of the embedded store, and a DATA_DIR that is not a folder', () => {
    writeFileSync(join(folder, 'auth-secret'), 'x', { mode: 0o600 });
    expect(() => loadConfig({ DATA_DIR: folder })).toThrow('DATA_DIR: the file auth-secret is damaged; restore it');
    expect(() => loadConfig({ DATA_DIR: join(folder, 'auth-secret') })).toThrow(/^DATA_DIR: cannot be used/);
  });

  it('reads secrets from files', () => {
    const path = join(folder, 'secret');
    writeFileSync(path, `${SECRET}\n`, { mode: 0o640 });
    expect(loadConfig({ AUTH_SECRET_FILE: path }).AUTH_SECRET).toBe(SECRET);
    expect(() => loadConfig({ AUTH_SECRET_FILE: path, AUTH_SECRET: SECRET })).toThrow(
      /^AUTH_SECRET: is set together with AUTH_SECRET_FILE/,
    );
    expect(() => loadConfig({ AUTH_SECRET_FILE: join(folder, 'none') })).toThrow(
      'AUTH_SECRET_FILE: the file cannot be read',
    );
  });

  // Windows has no permission bits.
  it.skipIf(process.platform === 'win32')('refuses secrets in files that are open to all users', () => {
    const path = join(folder, 'open');
    writeFileSync(path, SECRET);
    for (const mode of [0o644, 0o604, 0o602]) {
      chmodSync(path, mode);
      expect(() => loadConfig({ AUTH_SECRET_FILE: path })).toThrow(
        'AUTH_SECRET_FILE: the file is open to all users of this machine; run chmod o= on it',
      );
    }
  });

  // Windows has no permission bits.
  it.skipIf(process.platform === 'win32').each([0o701, 0o702, 0o704, 0o755, 0o777])(
    'refuses a DATA_DIR that is open to all users: %o',
    (mode) => {
      const open = join(folder, 'open');
      mkdirSync(open);
      chmodSync(open, mode);
      const line = 'DATA_DIR: the folder is open to all users of this machine; run chmod o= on it';
      expect(() => loadConfig({ DATA_DIR: open })).toThrow(line);
      chmodSync(open, 0o750);
      expect(() => loadConfig({ DATA_DIR: open })).not.toThrow();
    },
  );

  // Windows has no /dev/null.
  it.skipIf(process.platform === 'win32')('refuses a device or a folder as a secret file', () => {
    const directory = join(folder, 'folder');
    mkdirSync(directory, { mode: 0o700 });
    for (const path of ['/dev/null', directory])
      expect(() => loadConfig({ AUTH_SECRET_FILE: path })).toThrow('AUTH_SECRET_FILE: the file is not a regular file');
  });

  it('refuses a secret file that is too large', () => {
    const path = join(folder, 'large');
    writeFileSync(path, 'x'.repeat(2 * 1024 * 1024), { mode: 0o600 });
    expect(() => loadConfig({ AUTH_SECRET_FILE: path })).toThrow('AUTH_SECRET_FILE: the file is too large');
  });
});
