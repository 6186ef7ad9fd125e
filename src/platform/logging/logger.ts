import { type DestinationStream, type Logger, pino, stdSerializers } from 'pino';
import type { Config } from '../config/config.js';
import { LogStream } from './log-stream.js';

/** Never written, whatever object is logged. Bodies and headers are not logged at all; this is the second line. */
const SECRETS = ['password', 'token', 'access', 'refresh', 'access_token', 'refresh_token', 'authorization', 'cookie'];
const REDACTED = SECRETS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);

/**
 * Lines are written together: for each by itself, a thread would be woken. Killed by force, the process takes as many with it.
 * No more at a time than a pipe takes as a whole, for the lines of several workers.
 */
const GATHERED = { gathered: 2048, maxWrite: 4096, everyMs: 100, maxWaiting: 1024 * 1024 };

/** JSON lines on standard output, or `destination`. */
export function createLogger(config: Pick<Config, 'LOG_LEVEL'>, destination?: DestinationStream): Logger {
  const options = {
    level: config.LOG_LEVEL,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (level: string) => ({ level }) },
    serializers: { err: errorForLog },
    redact: { paths: REDACTED, censor: '[redacted]' },
  };
  return pino(options, destination ?? new LogStream(1, GATHERED));
}

/** Type, message, stack, code and causes of an error. Not the statement's parameters, which database errors carry along. */
function errorForLog(thrown: unknown): object {
  if (!(thrown instanceof Error)) return { type: typeof thrown };
  const { type, message, stack } = stdSerializers.err(thrown);
  const { code } = thrown as NodeJS.ErrnoException;
  return { type, message, stack, ...(code !== undefined && { code }) };
}
