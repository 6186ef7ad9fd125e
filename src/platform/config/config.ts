import { ConfigError } from './config.error.js';
import { embeddedSecret } from './embedded-secret.js';
import { isOpenToAll, readSmallFile, UnfitFileError } from './read-file.js';
import { schema, type Settings, variables } from './schema.js';

/** The validated {@link Settings}, with the secret that the service uses. */
export type Config = Omit<Settings, 'AUTH_SECRET'> & { readonly AUTH_SECRET: string };

/** Injection token of the {@link Config}. */
export const CONFIG = Symbol('Config');

/** Variables that can also be set as `NAME_FILE`, the path of a file with the value. */
const FILE_VARIABLES = ['AUTH_SECRET', 'AUTH_SECRET_PREVIOUS', 'DATABASE_URL'] as const;

/**
 * Reads and validates the environment.
 * @throws ConfigError that names every wrong variable in one line, without the values
 */
export function loadConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const settings = loadSettings(env);
  return { ...settings, AUTH_SECRET: settings.AUTH_SECRET ?? secretOfStore(settings) };
}

/**
 * Reads and validates the environment. `AUTH_SECRET` may be missing, since TypeORM's command line
 * does not need it.
 * @throws ConfigError as {@link loadConfig}
 */
export function loadSettings(env: NodeJS.ProcessEnv = process.env): Settings {
  // Compose files and shells pass unset variables as empty variables.
  const known = Object.keys(variables.shape).map((name) => [name, env[name] === '' ? undefined : env[name]]);
  const parsed = schema.safeParse({ ...Object.fromEntries(known), ...fromFiles(env) });
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw new ConfigError(lines.join('; '));
}

function fromFiles(env: NodeJS.ProcessEnv): Record<string, string> {
  const values: Record<string, string> = {};
  for (const name of FILE_VARIABLES) {
    const path = env[`${name}_FILE`];
    if (!path) continue;
    if (env[name]) throw new ConfigError(`${name}: is set together with ${name}_FILE; set one of them`);
    values[name] = secretIn(path, `${name}_FILE`);
  }
  return values;
}

function secretIn(path: string, variable: string): string {
  try {
    return readSmallFile(path, (stats) => {
      if (isOpenToAll(stats))
        throw new ConfigError(`${variable}: the file is open to all users of this machine; run chmod o= on it`);
    }).trim();
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    if (error instanceof UnfitFileError) throw new ConfigError(`${variable}: the file ${error.message}`);
    throw new ConfigError(`${variable}: the file cannot be read`);
  }
}

function secretOfStore(settings: Settings): string {
  if (settings.DATABASE_URL) throw new ConfigError('AUTH_SECRET: must be set when DATABASE_URL is');
  return embeddedSecret(settings.DATA_DIR);
}
