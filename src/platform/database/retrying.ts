import { setTimeout as sleep } from 'node:timers/promises';
import { isConflict, isConnectionLost } from './store-errors.js';

const ATTEMPTS = 4;
const PAUSE_MS = 20;
/** From the first attempt on, after which there is no other: several waits for a lock would outlast whoever waits for the answer. */
const PATIENCE_MS = 900;

/** Runs one statement, again if the store gave it up for the sake of another: a deadlock, a lock that took too long, a busy file. */
export function retrying<Result>(statement: () => Promise<Result>): Promise<Result> {
  return retryingOn(isConflict, statement);
}

/** Runs a statement that may be carried out twice, such as a read, again also if its connection was lost: after a restart of the database, all of the pool are. */
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
