import { StoreTimeoutError } from './within.js';

/** Takes a result or an error, as mysql2 hands them over. */
export type Callback<Result = unknown> = (error: Error | null, result?: Result, fields?: unknown) => void;

/**
 * Bounds a wait that ends with a callback.
 * @param ms milliseconds
 * @param giveUp is called when the time is over. The answer may still come
 * @param done is called once: with the answer, or with a StoreTimeoutError
 * @returns takes the answer, and tells whether it came in time
 */
export function boundedWait<Result>(
  ms: number,
  giveUp: () => void,
  done: Callback<Result>,
): (...answer: Parameters<Callback<Result>>) => boolean {
  let isOver = false;
  const timer = setTimeout(() => {
    isOver = true;
    giveUp();
    done(new StoreTimeoutError());
  }, ms);
  return (...answer) => {
    if (isOver) return false;
    isOver = true;
    clearTimeout(timer);
    done(...answer);
    return true;
  };
}
