import { setTimeout as sleep } from 'node:timers/promises';
import { isConflict, isConnectionLost } from './store-errors.js';
import { storeTimeLeft } from './store-time.js';

const ATTEMPTS = 4;
const PAUSE_MS = 20;
/** That an attempt may take: a little more than the wait for a lock. One that is cut off could still happen, long after. */
const ATTEMPT_MS = 1_200;

/** Runs one statement, again if the store gave it up for the sake of another: a deadlock, a lock that took too long, a busy file. */
export function retrying<Result>(statement: () => Promise<Result>): Promise<Result> {
  return retryingOn(isConflict, statement);
}

/** Runs a statement that changes nothing, again also if its connection was lost: after a restart of the database, all of the pool are. */
export function retryingRead<Result>(statement: () => Promise<Result>): Promise<Result> {
  return retryingOn((error) => isConflict(error) || isConnectionLost(error), statement);
}

async function retryingOn<Result>(
  isPassing: (error: unknown) => boolean,
  statement: () => Promise<Result>,
): Promise<Result> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await statement();
    } catch (error) {
      if (attempt === ATTEMPTS || !isPassing(error) || storeTimeLeft() < ATTEMPT_MS) throw error;
      await sleep(PAUSE_MS * attempt * (1 + Math.random()));
    }
  }
}
