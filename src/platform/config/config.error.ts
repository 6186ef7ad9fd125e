/** The service cannot start as it is configured. The message is one line and holds no secret. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}
