/** The store has not answered in time. It may still apply the statement. */
export class StoreTimeoutError extends Error {
  readonly code = 'ETIMEDOUT';

  constructor() {
    super('the database does not answer in time');
    this.name = new.target.name;
  }
}

/** Too many requests wait for the store, or this one has waited for too long. */
export class StoreBusyError extends Error {
  readonly code = 'POOL_QUEUE_FULL';

  constructor() {
    super('too many wait for the database');
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
