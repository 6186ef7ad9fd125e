import { AsyncLocalStorage } from 'node:async_hooks';

/** Milliseconds that the statements of one request may still wait for the store, together. */
interface Budget {
  left: number;
  /** At the beginning. */
  readonly whole: number;
}

const budgets = new AsyncLocalStorage<Budget | undefined>();

/** The store has not answered in the time that there was; what was asked of it may still happen. */
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

/** Runs a request, whose waits for the store take no longer than this together. What it does besides, such as hashing, is not counted. */
export function withStoreTime<Result>(ms: number, request: () => Result): Result {
  return budgets.run({ left: ms, whole: ms }, request);
}

/** Runs what is done for several requests at once, so that it does not end with the time of the one that happens to begin it. */
export function forSeveralRequests<Result>(work: () => Result): Result {
  const budget = budgets.getStore();
  return budgets.run(budget && { ...budget, left: budget.whole }, work);
}

/** Runs what no request has to do with. */
export function apartFromRequest<Result>(work: () => Result): Result {
  return budgets.run(undefined, work);
}

/** Milliseconds that the request at hand has left; more than enough where there is no request. */
export function storeTimeLeft(): number {
  return budgets.getStore()?.left ?? Number.POSITIVE_INFINITY;
}

/**
 * Waits for the store for as long as the request at hand may.
 * @param otherwise milliseconds where there is no request, for instance at the start; left out, it is waited for ever
 * @param late is given what comes when nobody waits any more
 * @throws StoreTimeoutError
 */
export async function inStoreTime<Result>(
  work: () => Promise<Result>,
  { otherwise, late }: { readonly otherwise?: number; readonly late?: (result: Result) => void } = {},
): Promise<Result> {
  const budget = budgets.getStore();
  const ms = budget?.left ?? otherwise;
  if (ms === undefined) return work();
  if (ms <= 0) throw new StoreTimeoutError();
  const startedAt = performance.now();
  const result = work();
  try {
    return await before(ms, result);
  } catch (error) {
    if (late && error instanceof StoreTimeoutError) void result.then(late, () => undefined);
    throw error;
  } finally {
    if (budget) budget.left -= performance.now() - startedAt;
  }
}

function before<Result>(ms: number, result: Promise<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new StoreTimeoutError());
    }, ms);
    result.then(resolve, reject).finally(() => {
      clearTimeout(timer);
    });
  });
}
