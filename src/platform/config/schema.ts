import { availableParallelism } from 'node:os';
import { z } from 'zod';
import {
  choice,
  isClient,
  isDatabaseUrl,
  isHttpUrl,
  isNetwork,
  isOrigin,
  list,
  onOff,
  secret,
  whole,
} from './values.js';

const DAY = 24 * 3600;
const YEAR = 365 * DAY;

/** The upper bound of `ACCESS_TOKEN_TTL`, in seconds. */
export const MAX_ACCESS_TOKEN_TTL = DAY;

const address = {
  HOST: z
    .string()
    .default('127.0.0.1')
    .meta({ values: 'a host name or an address' })
    .describe('Address to listen on. The Docker image sets `0.0.0.0`.'),
  PORT: whole('', 0, 65_535, 3000).describe('Port to listen on. `0` takes any free port.'),
  ISSUER: z
    .string()
    .refine(isHttpUrl, 'must be an http or https URL')
    .default('http://localhost:3000')
    .meta({ values: 'an http or https URL without query and fragment' })
    .describe('Public URL of the service, which becomes the `iss` of access tokens. All replicas need the same value.'),
  WORKERS: z
    .string()
    .regex(/^(auto|\d{1,2})$/, 'must be auto or a whole number')
    .transform((value) => (value === 'auto' ? value : Number(value)))
    .refine((value) => value === 'auto' || (value >= 1 && value <= 64), 'must be auto or from 1 to 64')
    .default(1)
    .meta({ values: '1 to 64, or `auto`' })
    .describe(
      'Number of processes that serve the port. `auto` starts one for each core. The embedded store allows only 1, since its file has one writer.',
    ),
};

const store = {
  DATABASE_URL: z
    .string()
    .refine(
      isDatabaseUrl,
      'must be mysql://USER:PASSWORD@HOST:PORT/DATABASE, followed by ?ssl=on, ?ssl=on&ssl-ca=FILE or nothing',
    )
    .optional()
    .meta({ values: '`mysql://USER:PASSWORD@HOST:PORT/DATABASE`, optionally with `?ssl=on` or `?ssl=on&ssl-ca=FILE`' })
    .describe(
      'Database that keeps accounts and sessions. When unset, the service keeps them in an SQLite file in `DATA_DIR`.',
    ),
  DATABASE_POOL: whole('connections', 1, 1000, 10).describe(
    'Maximum number of database connections of each worker. Each worker opens up to six more: two for guesses and accounts, four for verify and refresh.',
  ),
  DATABASE_TIMEOUT: whole('seconds', 1, 60, 5).describe(
    'How long each statement of a request may wait for the database. After that, the client gets 503 with `Retry-After`.',
  ),
  DATA_DIR: z
    .string()
    .default('./data')
    .meta({ values: 'a path' })
    .describe(
      'Folder of the embedded store and of its secret. The start is refused when all users of the machine can open the folder.',
    ),
};

const secrets = {
  AUTH_SECRET: secret.describe(
    'Secret from which the service derives all its keys. Required with `DATABASE_URL`; the embedded store makes its own at the first start.',
  ),
  AUTH_SECRET_PREVIOUS: secret.describe(
    'Secret that was in use before `AUTH_SECRET`. Set it until the refresh tokens of the previous secret have expired.',
  ),
  KEY_ROTATION_DAYS: whole('days', 1, 3650, 30).describe(
    'How long one key signs access tokens before the next key takes over.',
  ),
};

const sessions = {
  ACCESS_TOKEN_TTL: whole('seconds', 10, MAX_ACCESS_TOKEN_TTL, 900).describe(
    'Life of an access token. It must not exceed `REFRESH_TOKEN_TTL`.',
  ),
  REFRESH_TOKEN_TTL: whole('seconds', 60, YEAR, 604_800).describe(
    'Life of a refresh token, and of a session whose token is not rotated. It must not exceed `SESSION_MAX_AGE`.',
  ),
  SESSION_MAX_AGE: whole('seconds', 60, 10 * YEAR, 7_776_000).describe(
    'Maximum life of a session, however often it is refreshed.',
  ),
  MAX_SESSIONS: whole('sessions', 1, 1_000_000, 1_000).describe(
    'Maximum number of live sessions of one account. Beyond that number, the oldest sessions end.',
  ),
  REFRESH_REPLAY_WINDOW: whole('seconds', 0, 300, 30).describe(
    'How long a rotated refresh token still gets the same successor again. With `0`, every second use is a replay.',
  ),
};

const resourceServers = {
  INTROSPECTION_CLIENTS: list(
    '`ID:HASH` items',
    isClient,
    'must be ID:HASH separated by commas, where HASH is the SHA-256 of the secret in hexadecimal',
  ).describe(
    'Resource servers that may introspect and revoke tokens. `HASH` is the SHA-256 of the secret in hexadecimal.',
  ),
};

const passwords = {
  PASSWORD_MIN_LENGTH: whole('characters', 8, 128, 8).describe('Minimum length of a new password.'),
  PASSWORD_BLOCKLIST: onOff(true).describe('Refuses the most common passwords.'),
  PASSWORD_CONTEXT_WORDS: list(
    'words',
    (word) => /[\p{L}\p{N}]/u.test(word),
    'must be words separated by commas',
  ).describe('Words that are refused as passwords, such as the names of the company and of its products.'),
};

const hashing = {
  ARGON2_MEMORY_KIB: whole('KiB', 1024, 4_194_304, 19_456).describe('Memory of one password hash.'),
  ARGON2_TIME_COST: whole('passes', 1, 100, 2).describe('Passes over the memory of one password hash.'),
  ARGON2_PARALLELISM: whole('threads', 1, 64, 1).describe('Threads of one password hash.'),
  HASH_ENGINE: choice(['auto', 'argon2'], 'auto').describe(
    'Library that hashes passwords. `auto` takes `@node-rs/argon2` where its binary loads, else `argon2`.',
  ),
  HASH_CONCURRENCY: whole('hashes', 1, 1024, availableParallelism())
    .meta({ defaultText: 'the number of cores' })
    .describe('Maximum number of hashes at the same time, over all workers of the process.'),
  HASH_TIMEOUT: whole('seconds', 1, 60, 10).describe(
    'How long a password may wait for its turn to be hashed. A login that would wait longer gets 503.',
  ),
};

const guesses = {
  RATE_LIMIT: onOff(true).describe('Limits guesses and sign-ups. `off` is for test suites.'),
  LOGIN_LIMIT: whole('failures', 1, 1_000_000, 10).describe(
    'Failed logins of one name from one source that are allowed within the window.',
  ),
  LOGIN_LIMIT_SOURCE: whole('failures', 1, 1_000_000, 100).describe(
    'Failed logins from one source that are allowed within the window, for all names together.',
  ),
  LOGIN_LIMIT_NAME: whole('failures', 1, 1_000_000, 50).describe(
    'Failed logins of one name that are allowed within the window, from all sources together.',
  ),
  LOGIN_LIMIT_KNOWN: whole('failures', 0, 1_000_000, 1_000).describe(
    'Wrong passwords a day from a source that the account knows. Beyond that number, the source counts as unknown for a day. `0` sets no limit.',
  ),
  LOGIN_LIMIT_WINDOW: whole('seconds', 1, DAY, 900).describe(
    'Window of `LOGIN_LIMIT`, `LOGIN_LIMIT_SOURCE` and `LOGIN_LIMIT_NAME`.',
  ),
  LOGIN_DELAY: whole('seconds', 1, DAY, 60).describe(
    'How long a client waits after it reaches a limit. The wait doubles each time within a day.',
  ),
  LOGIN_DELAY_MAX: whole('seconds', 1, DAY, 3600).describe('Maximum wait after a client reaches a limit.'),
  KNOWN_SOURCE_DAYS: whole('days', 1, 3650, 180).describe(
    'How long an account knows a source after a login from there.',
  ),
  SIGNUP_LIMIT: whole('sign-ups', 1, 1_000_000, 200).describe(
    'Sign-ups from one source that are allowed within `SIGNUP_LIMIT_WINDOW`. Sign-ups that end in 409 count too.',
  ),
  SIGNUP_LIMIT_WINDOW: whole('seconds', 1, DAY, 3600).describe('Window of `SIGNUP_LIMIT`.'),
};

const network = {
  CORS_ORIGINS: list(
    'origins such as `https://app.example.com`',
    isOrigin,
    'must be origins such as https://app.example.com, separated by commas',
  ).describe('Origins whose pages may call the service from a browser.'),
  TRUST_PROXY: z
    .literal('off')
    .transform((): string[] => [])
    .or(
      list(
        'addresses or networks',
        isNetwork,
        'must be off, or addresses and networks of proxies such as 192.0.2.0/24, separated by commas',
      ),
    )
    .default([])
    .meta({
      values: '`off`, or addresses or networks such as `192.0.2.0/24`, separated by commas',
      defaultText: '`off`',
    })
    .describe('Proxies whose `X-Forwarded-For` the service believes. Never name a network that has clients in it.'),
  MAX_CONNECTIONS: whole('connections', 1, 1_000_000, 5_000).describe(
    'Maximum number of client connections of each worker. Further connections are closed at once.',
  ),
  MAX_CONNECTIONS_SOURCE: whole('connections', 1, 1_000_000, 1_000).describe(
    'Maximum number of client connections from one source to each worker. Connections from `TRUST_PROXY` are exempt.',
  ),
  KEEP_ALIVE_TIMEOUT: whole('seconds', 1, 600, 5).describe(
    "How long a connection is kept without a request. Behind a proxy, set it a little above the proxy's own timeout.",
  ),
};

const observation = {
  LOG_LEVEL: choice(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], 'info').describe(
    'Lowest level that is logged.',
  ),
  EVENT_DAYS: whole('days', 0, 3650, 30).describe(
    'How long security events stay in the table `events`. `0` writes them to the log only.',
  ),
  SWAGGER: onOff(true).describe('Serves Swagger UI at `/docs` and the OpenAPI document at `/openapi.json`.'),
};

/** Every environment variable of the service, by topic. */
export const groups = {
  'Address and processes': address,
  Store: store,
  'Secrets and signing keys': secrets,
  'Tokens and sessions': sessions,
  'Resource servers': resourceServers,
  Passwords: passwords,
  Hashing: hashing,
  'Limits on guesses and sign-ups': guesses,
  'Network and connections': network,
  'Logs, events and documentation': observation,
};

/** Every environment variable of the service, with its range and default. */
export const variables = z.object(
  Object.assign({}, ...Object.values(groups)) as Intersection<(typeof groups)[keyof typeof groups]>,
);

/** The type that has the members of every type of a union. */
type Intersection<Union> = (Union extends unknown ? (each: Union) => void : never) extends (all: infer All) => void
  ? All
  : never;

/** The {@link variables}, with the rules between them. */
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

/** Resolves `auto`: one worker for each core, but only one on the embedded store. */
function workersOf({ WORKERS, DATABASE_URL }: { WORKERS: number | 'auto'; DATABASE_URL?: string | undefined }): number {
  if (WORKERS !== 'auto') return WORKERS;
  return DATABASE_URL ? availableParallelism() : 1;
}
