import type { LoggerService } from '@nestjs/common';
import type { Logger } from 'pino';

/** Lines of the framework about its own start, of interest to its developers alone. */
const FRAMEWORK = new Set(['NestFactory', 'InstanceLoader', 'RoutesResolver', 'RouterExplorer', 'NestApplication']);

/** Made of members that cannot hold what is kept out of other lines: looking for it takes ten times as long as the line. */
const PLAIN = 'security';

/** Nest's logger, writing to pino. The last of the optional arguments is the context, as Nest passes it. */
export class NestLogger implements LoggerService {
  private readonly plain: Logger;

  constructor(private readonly logger: Logger) {
    this.plain = logger.child({}, { redact: [] });
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

  /** A message may be an object, whose members become the line's; its `event` says what happened. */
  private write(level: 'trace' | 'debug' | 'info' | 'warn' | 'error', message: unknown, rest: unknown[]): void {
    const context = typeof rest.at(-1) === 'string' ? rest.at(-1) : undefined;
    const err = [message, ...rest].find((item) => item instanceof Error);
    const logger = context === PLAIN ? this.plain : this.logger;
    if (err) this.logger[level]({ context, err }, err.message);
    else if (typeof message === 'object' && message !== null) logger[level]({ context, ...message });
    else this.logger[level]({ context }, String(message));
  }
}
