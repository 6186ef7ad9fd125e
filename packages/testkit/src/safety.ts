import { ConfigError } from '../../../src/platform/config/config.error.js';
import { isSettingName, SETTINGS } from './settings.js';

/** Variables of a real service, each of which may also be given as `NAME_FILE`. */
const REAL = ['DATABASE_URL', 'AUTH_SECRET', 'AUTH_SECRET_PREVIOUS'];

/**
 * Refuses an environment that belongs to a real service.
 * @throws Error that names the variable
 */
export function refuseRealSettings(env: NodeJS.ProcessEnv): void {
  const set = REAL.flatMap((name) => [name, `${name}_FILE`]).filter((name) => env[name]);
  if (env['NODE_ENV'] === 'production') set.push('NODE_ENV=production');
  if (set.length > 0)
    throw new Error(`this is a test kit, and does not start where a real service is configured: ${set.join(', ')}`);
}

/**
 * Refuses settings that a test may not change, such as those of a real store.
 * @throws ConfigError that names the settings
 */
export function refuseForeignSettings(settings: object): void {
  const foreign = Object.keys(settings).filter((name) => !isSettingName(name));
  if (foreign.length > 0)
    throw new ConfigError(`${foreign.join(', ')}: not a setting of the test kit, which are ${SETTINGS.join(', ')}`);
}
