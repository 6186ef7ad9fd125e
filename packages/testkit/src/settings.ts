import { randomBytes } from 'node:crypto';
import { type Config, loadConfig } from '../../../src/platform/config/config.js';

/** The variables of the service that a test may change while it runs. */
export const SETTINGS = [
  'ACCESS_TOKEN_TTL',
  'REFRESH_TOKEN_TTL',
  'SESSION_MAX_AGE',
  'MAX_SESSIONS',
  'REFRESH_REPLAY_WINDOW',
  'KEY_ROTATION_DAYS',
  'INTROSPECTION_CLIENTS',
  'PASSWORD_MIN_LENGTH',
  'PASSWORD_BLOCKLIST',
  'PASSWORD_CONTEXT_WORDS',
  'RATE_LIMIT',
  'LOGIN_LIMIT',
  'LOGIN_LIMIT_SOURCE',
  'LOGIN_LIMIT_NAME',
  'LOGIN_LIMIT_KNOWN',
  'LOGIN_LIMIT_WINDOW',
  'LOGIN_DELAY',
  'LOGIN_DELAY_MAX',
  'KNOWN_SOURCE_DAYS',
  'SIGNUP_LIMIT',
  'SIGNUP_LIMIT_WINDOW',
  'CORS_ORIGINS',
] as const;

export type SettingName = (typeof SETTINGS)[number];

export function isSettingName(name: string): name is SettingName {
  return (SETTINGS as readonly string[]).includes(name);
}

/** Settings as the environment has them: `{ ACCESS_TOKEN_TTL: 60, RATE_LIMIT: 'on' }`. */
export type Settings = Partial<Record<SettingName, string | number>>;

/** What the kit sets besides. Hashes are cheap, and no limit holds unless a suite asks for it. */
const FIXED = {
  RATE_LIMIT: 'off',
  ARGON2_MEMORY_KIB: '1024',
  ARGON2_TIME_COST: '1',
  KEEP_ALIVE_TIMEOUT: '75',
  MAX_CONNECTIONS: '1000000',
  MAX_CONNECTIONS_SOURCE: '1000000',
  HASH_CONCURRENCY: '2',
  HASH_TIMEOUT: '60',
};

/** Keys of tokens are derived from it. It is good for nothing once the process has ended. */
const AUTH_SECRET = randomBytes(32).toString('hex');

/**
 * Returns the configuration of the service.
 * @throws ConfigError for a setting that the service refuses
 */
export function configOf(settings: Settings, { issuer, logLevel }: { issuer: string; logLevel: string }): Config {
  const given = Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, String(value)]));
  return loadConfig({ ...FIXED, ...given, AUTH_SECRET, ISSUER: issuer, LOG_LEVEL: logLevel });
}
