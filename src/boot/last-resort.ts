import type { Logger } from 'pino';

const STOP_DEADLINE_MS = 10_000;

/**
 * Handles errors that no code catches. Logs the first error, stops the service and exits with 1, so
 * that the supervisor restarts the process.
 * @param stop accepts no new request, and resolves when all requests are answered
 */
export function stopOnUncaughtError(logger: Logger, stop: () => Promise<unknown>): void {
  let isStopping = false;

  const onUncaught = (err: unknown) => {
    if (isStopping) return;
    isStopping = true;
    process.exitCode = 1;
    setTimeout(exit, STOP_DEADLINE_MS).unref();
    logger.fatal({ event: 'uncaught_error', err }, 'uncaught error: the process stops');
    stop().then(exit, exit);
  };
  process.on('uncaughtException', onUncaught);
  process.on('unhandledRejection', onUncaught);
}

function exit(): never {
  process.exit(1);
}
