/** The store has not answered in time; what was asked of it may still happen. */
export class StoreTimeoutError extends Error {
  readonly code = 'ETIMEDOUT';

  constructor() {
    super('the database does not answer in time');
    this.name = new.target.name;
  }
}

/** Too many wait for the store already. */
export class StoreBusyError extends Error {
  readonly code = 'POOL_QUEUE_FULL';

  constructor() {
    super('too many wait for the database');
    this.name = new.target.name;
  }
}

/**
 * Waits for the store, and no longer.
 * @param ms milliseconds
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
