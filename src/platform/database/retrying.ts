import { setTimeout as sleep } from 'node:timers/promises';
import { isConflict, isConnectionLost } from './store-errors.js';

const ATTEMPTS = 4;
const PAUSE_MS = 20;
/**
 * No attempt starts later than this after the first attempt. So the client is still there after all
 * waits for locks.
 */
const PATIENCE_MS = 900;

/**
 * Runs a statement, and repeats it when another statement was in the way: a deadlock, a lock held
 * for too long, a busy file. The store has changed nothing in these cases.
 */
export function retrying<Result>(statement: () => Promise<Result>): Promise<Result> {
  return retryingOn(isConflict, statement);
}

/**
 * Runs a statement that may be applied twice, such as a read, and repeats it also when its
 * connection was lost. After a restart of the database, all connections of the pool are lost.
 */
export function retryingRepeatable<Result>(statement: () => Promise<Result>): Promise<Result> {
  return retryingOn((error) => isConflict(error) || isConnectionLost(error), statement);
}

async function retryingOn<Result>(
  isPassing: (error: unknown) => boolean,
  statement: () => Promise<Result>,
): Promise<Result> {
  const startedAt = performance.now();
  for (let attempt = 1; ; attempt++) {
    try {
      return await statement();
    } catch (error) {
      const isLate = performance.now() - startedAt > PATIENCE_MS;
      if (attempt === ATTEMPTS || isLate || !isPassing(error)) throw error;
      await sleep(PAUSE_MS * attempt * (1 + Math.random()));
    }
  }
}
