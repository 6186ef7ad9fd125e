import type { LoggerService } from '@nestjs/common';
import type { Logger } from 'pino';

/** Contexts in which the framework describes its own start. They are logged at debug. */
const FRAMEWORK = new Set(['NestFactory', 'InstanceLoader', 'RoutesResolver', 'RouterExplorer', 'NestApplication']);

/**
 * The context of security events. They hold no secrets, and redaction takes ten times as long as
 * writing a line.
 */
const UNREDACTED = 'security';

/**
 * Passes Nest's log lines to pino. Nest gives the context as the last of the optional arguments.
 */
export class NestLogger implements LoggerService {
  private readonly unredacted: Logger;

  constructor(private readonly logger: Logger) {
    this.unredacted = logger.child({}, { redact: [] });
  }

  log(message: unknown, ...rest: unknown[]): void {
    this.write(FRAMEWORK.has(String(rest.at(-1))) ? 'debug' : 'info', message, rest);
  }

  error(message: unknown, ...rest: unknown[]): void {
    this.write('error', message, rest);
  }

  warn(message: unknown, ...rest: unknown[]): void {
    this.write('warn', message, rest);
  }

  debug(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, rest);
  }

  verbose(message: unknown, ...rest: unknown[]): void {
    this.write('trace', message, rest);
  }

  /** Logs a text, an error, or an object whose members become members of the line. */
  private write(level: 'trace' | 'debug' | 'info' | 'warn' | 'error', message: unknown, rest: unknown[]): void {
    const context = typeof rest.at(-1) === 'string' ? rest.at(-1) : undefined;
    const err = [message, ...rest].find((item) => item instanceof Error);
    const logger = context === UNREDACTED ? this.unredacted : this.logger;
    if (err) this.logger[level]({ context, err }, err.message);
    else if (typeof message === 'object' && message !== null) logger[level]({ context, ...message });
    else this.logger[level]({ context }, String(message));
  }
}
