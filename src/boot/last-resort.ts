import type { Logger } from 'pino';

const STOP_DEADLINE_MS = 10_000;

/**
 * Installs a handler for errors that nothing catches. It logs the first one, has requests under way answered, and exits with 1, so
 * that the supervisor starts the process again.
 * @param stop takes nothing new, and resolves when everything is finished
 */
export function stopOnUncaughtError(logger: Logger, stop: () => Promise<unknown>): void {
  let isStopping = false;

  const onUncaught = (err: unknown) => {
    if (isStopping) return;
    isStopping = true;
    process.exitCode = 1;
    setTimeout(exit, STOP_DEADLINE_MS).unref();
    logger.fatal({ event: 'uncaught_error', err }, 'an error that nothing has caught: the process stops');
    stop().then(exit, exit);
  };
  process.on('uncaughtException', onUncaught);
  process.on('unhandledRejection', onUncaught);
}

function exit(): never {
  process.exit(1);
}
