/**
 * A configuration with which the service cannot start. The message is one line, without secrets.
 */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}
