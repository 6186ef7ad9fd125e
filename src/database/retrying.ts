import { setTimeout as sleep } from 'node:timers/promises';
import { isConflict } from './store-errors.js';

const ATTEMPTS = 4;
const PAUSE_MS = 20;

/** Runs one statement, again if the store gave it up for the sake of another: a deadlock, a lock that took too long, a busy file. */
export async function retrying<Result>(statement: () => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await statement();
    } catch (error) {
      if (attempt === ATTEMPTS || !isConflict(error)) throw error;
      await sleep(PAUSE_MS * attempt * (1 + Math.random()));
    }
  }
}
