/** The store has not answered in time. It may still apply the statement. */
export class StoreTimeoutError extends Error {
  readonly code = 'ETIMEDOUT';

  constructor() {
    super('the database does not answer in time');
    this.name = new.target.name;
  }
}

/**
 * Waits for a result of the store.
 * @param ms for how long, in milliseconds
 * @throws StoreTimeoutError
 */
export function within<Result>(ms: number, result: Promise<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new StoreTimeoutError());
    }, ms);
    result.then(resolve, reject).finally(() => {
      clearTimeout(timer);
    });
  });
}

/** Takes a result or an error, as mysql2 hands them over. */
export type Callback<Result = unknown> = (error: Error | null, result?: Result, fields?: unknown) => void;

/**
 * Bounds a wait that ends with a callback.
 * @param ms for how long, in milliseconds
 * @param giveUp is called when the time is over; the answer may still come
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
