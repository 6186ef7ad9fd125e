import type { Logger } from 'pino';

const STOP_DEADLINE_MS = 10_000;

/**
 * Logs an error that nothing has caught, once, and stops the process: requests under way are still answered. It exits with 1, so that
 * its supervisor starts it again.
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
