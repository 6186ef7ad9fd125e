import { type DestinationStream, type Logger, pino, stdSerializers } from 'pino';
import type { Config } from '../config/config.js';
import { LogStream } from './log-stream.js';

/** Members that no log line shows. This is a second safeguard: no code logs bodies or headers. */
const SECRETS = ['password', 'token', 'access', 'refresh', 'access_token', 'refresh_token', 'authorization', 'cookie'];
const REDACTED = SECRETS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);

/**
 * Lines are written in batches, since each write wakes a thread. A killed process loses its last
 * batch. A pipe takes up to 4096 bytes as a whole, so lines of several workers do not mix.
 */
const BATCHES = { batchSize: 2048, maxWrite: 4096, everyMs: 100, maxWaiting: 1024 * 1024, lossLine };

/** Makes the logger, which writes JSON lines to standard output or to `destination`. */
export function createLogger(config: Pick<Config, 'LOG_LEVEL'>, destination?: DestinationStream): Logger {
  const options = {
    level: config.LOG_LEVEL,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (level: string) => ({ level }) },
    serializers: { err: errorForLog },
    redact: { paths: REDACTED, censor: '[redacted]' },
  };
  return pino(options, destination ?? new LogStream(1, BATCHES));
}

/** Returns the line for dropped log lines, with the timestamp of pino's own lines. */
function lossLine(lost: number): string {
  const time = pino.stdTimeFunctions.isoTime();
  return `{"level":"warn"${time},"event":"log_lines_lost","lost":${lost},"msg":"log lines were lost"}\n`;
}

/**
 * Returns the type, message, stack and code of an error. Other members are left out: those of
 * database errors hold the parameters of the statement.
 */
function errorForLog(thrown: unknown): object {
  if (!(thrown instanceof Error)) return { type: typeof thrown };
  const { type, message, stack } = stdSerializers.err(thrown);
  const { code } = thrown as NodeJS.ErrnoException;
  return { type, message, stack, ...(code !== undefined && { code }) };
}
