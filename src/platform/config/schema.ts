import { availableParallelism } from 'node:os';
import { isIP } from 'node:net';
import { z } from 'zod';
import { weaknessOf } from './secret-strength.js';

const whole = (min: number, max: number, fallback: number) =>
  z
    .string()
    .regex(/^\d{1,12}$/, 'must be a whole number')
    .transform(Number)
    .refine((n) => n >= min && n <= max, `must be from ${min} to ${max}`)
    .default(fallback);

const onOff = (fallback: boolean) =>
  z
    .enum(['on', 'off'], 'must be on or off')
    .transform((value) => value === 'on')
    .default(fallback);

const list = (valid: (item: string) => boolean, message: string) =>
  z
    .string()
    .transform((text) => text.split(',').map((item) => item.trim()))
    .refine((items) => items.every(valid), message)
    .default([]);

const secret = z.string().superRefine((text, context) => {
  const weakness = weaknessOf(text);
  if (weakness) context.addIssue(weakness);
});

const YEAR = 365 * 24 * 3600;

/** The upper bound of `ACCESS_TOKEN_TTL`, in seconds. */
export const MAX_ACCESS_TOKEN_TTL = 24 * 3600;

/** Every environment variable, with its range and default. Times are in seconds, sizes in KiB. */
export const variables = z.object({
  HOST: z.string().default('127.0.0.1'),
  PORT: whole(0, 65_535, 3000),
  DATABASE_URL: z
    .string()
    .refine(
      isDatabaseUrl,
      'must be mysql://USER:PASSWORD@HOST:PORT/DATABASE, followed by ?ssl=on, ?ssl=on&ssl-ca=FILE or nothing',
    )
    .optional(),
  DATA_DIR: z.string().default('./data'),
  AUTH_SECRET: secret.optional(),
  AUTH_SECRET_PREVIOUS: secret.optional(),
  ISSUER: z.string().refine(isHttpUrl, 'must be an http or https URL').default('http://localhost:3000'),
  ACCESS_TOKEN_TTL: whole(10, MAX_ACCESS_TOKEN_TTL, 900),
  REFRESH_TOKEN_TTL: whole(60, YEAR, 604_800),
  SESSION_MAX_AGE: whole(60, 10 * YEAR, 7_776_000),
  MAX_SESSIONS: whole(1, 1_000_000, 1_000),
  REFRESH_REPLAY_WINDOW: whole(0, 300, 30),
  KEY_ROTATION_DAYS: whole(1, 3650, 30),
  INTROSPECTION_CLIENTS: list(
    isClient,
    'must be ID:HASH separated by commas, where HASH is the SHA-256 of the secret in hexadecimal',
  ),
  ARGON2_MEMORY_KIB: whole(1024, 4_194_304, 19_456),
  ARGON2_TIME_COST: whole(1, 100, 2),
  ARGON2_PARALLELISM: whole(1, 64, 1),
  HASH_ENGINE: z.enum(['auto', 'argon2'], 'must be auto or argon2').default('auto'),
  HASH_CONCURRENCY: whole(1, 1024, availableParallelism()),
  HASH_TIMEOUT: whole(1, 60, 10),
  PASSWORD_MIN_LENGTH: whole(8, 128, 8),
  PASSWORD_BLOCKLIST: onOff(true),
  PASSWORD_CONTEXT_WORDS: list((word) => /[\p{L}\p{N}]/u.test(word), 'must be words separated by commas'),
  RATE_LIMIT: onOff(true),
  LOGIN_LIMIT: whole(1, 1_000_000, 10),
  LOGIN_LIMIT_SOURCE: whole(1, 1_000_000, 100),
  LOGIN_LIMIT_NAME: whole(1, 1_000_000, 50),
  LOGIN_LIMIT_KNOWN: whole(0, 1_000_000, 1_000),
  LOGIN_LIMIT_WINDOW: whole(1, 24 * 3600, 900),
  LOGIN_DELAY: whole(1, 24 * 3600, 60),
  LOGIN_DELAY_MAX: whole(1, 24 * 3600, 3600),
  KNOWN_SOURCE_DAYS: whole(1, 3650, 180),
  SIGNUP_LIMIT: whole(1, 1_000_000, 200),
  SIGNUP_LIMIT_WINDOW: whole(1, 24 * 3600, 3600),
  EVENT_DAYS: whole(0, 3650, 30),
  DATABASE_POOL: whole(1, 1000, 10),
  DATABASE_TIMEOUT: whole(1, 60, 5),
  CORS_ORIGINS: list(isOrigin, 'must be origins such as https://app.example.com, separated by commas'),
  TRUST_PROXY: z
    .literal('off')
    .transform((): string[] => [])
    .or(list(isNetwork, 'must be off, or addresses and networks of proxies such as 192.0.2.0/24, separated by commas'))
    .default([]),
  LOG_LEVEL: z
    .enum(
      ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'],
      'must be fatal, error, warn, info, debug, trace or silent',
    )
    .default('info'),
  SWAGGER: onOff(true),
  MAX_CONNECTIONS: whole(1, 1_000_000, 5_000),
  MAX_CONNECTIONS_SOURCE: whole(1, 1_000_000, 1_000),
  KEEP_ALIVE_TIMEOUT: whole(1, 600, 5),
  WORKERS: z
    .string()
    .regex(/^(auto|\d{1,2})$/, 'must be auto or a whole number')
    .transform((value) => (value === 'auto' ? value : Number(value)))
    .refine((value) => value === 'auto' || (value >= 1 && value <= 64), 'must be auto or from 1 to 64')
    .default(1),
});

/** The {@link variables}, checked against each other. */
export const schema = variables
  .superRefine((settings, context) => {
    const refuse = (name: string, message: string) => {
      context.addIssue({ code: 'custom', path: [name], message });
    };
    if (settings.ACCESS_TOKEN_TTL > settings.REFRESH_TOKEN_TTL)
      refuse('ACCESS_TOKEN_TTL', 'must not exceed REFRESH_TOKEN_TTL');
    if (settings.REFRESH_TOKEN_TTL > settings.SESSION_MAX_AGE)
      refuse('REFRESH_TOKEN_TTL', 'must not exceed SESSION_MAX_AGE');
    if (settings.LOGIN_DELAY > settings.LOGIN_DELAY_MAX) refuse('LOGIN_DELAY', 'must not exceed LOGIN_DELAY_MAX');
    if (!settings.DATABASE_URL && typeof settings.WORKERS === 'number' && settings.WORKERS > 1)
      refuse('WORKERS', 'must be 1 on the embedded store, whose file has one writer; set DATABASE_URL for more');
  })
  .transform((settings) => ({ ...settings, WORKERS: workersOf(settings) }));

export type Settings = z.output<typeof schema>;

/** Returns the number of workers: for `auto` one a core, or one on the embedded store. */
function workersOf({ WORKERS, DATABASE_URL }: { WORKERS: number | 'auto'; DATABASE_URL?: string | undefined }): number {
  if (WORKERS !== 'auto') return WORKERS;
  return DATABASE_URL ? availableParallelism() : 1;
}

function parseUrl(text: string): URL | null {
  return URL.canParse(text) ? new URL(text) : null;
}

function isDatabaseUrl(text: string): boolean {
  const url = parseUrl(text);
  return (
    url !== null &&
    /^(mysql|mariadb):$/.test(url.protocol) &&
    url.hostname !== '' &&
    url.username !== '' &&
    url.hash === '' &&
    /^\/[^/]+$/.test(url.pathname) &&
    /^(\?ssl=(off|on(&ssl-ca=[^&]+)?))?$/.test(url.search) &&
    [url.username, url.password, url.pathname].every(isDecodable)
  );
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

function isHttpUrl(text: string): boolean {
  const url = parseUrl(text);
  return url !== null && /^https?:$/.test(url.protocol) && !text.includes('?') && !text.includes('#');
}

function isOrigin(text: string): boolean {
  return /^https?:\/\//.test(text) && parseUrl(text)?.origin === text;
}

/** Whether a text is the id of a client, a colon and the SHA-256 of its secret. */
function isClient(text: string): boolean {
  return /^[\w.~-]{1,100}:[0-9a-f]{64}$/i.test(text);
}

function isNetwork(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  return (
    bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) >= 1 && Number(bits) <= (family === 4 ? 32 : 128))
  );
}
