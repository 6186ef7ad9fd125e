import DataLoader from 'dataloader';
import { StoreBusyError } from './within.js';

/** Keys that are waited for, at most: a store that takes its time over each must not leave more behind than it is through with at once. */
const MOST = 10_000;

export interface Limits {
  /** Statements at a time. */
  readonly underWay: number;
  /** Keys of one statement. */
  readonly size: number;
  /** For how long one waits for a statement of its own: whoever asked has been told otherwise, or has gone. */
  readonly patienceMs: number;
  /** Keys that wait or are under way. */
  readonly most?: number;
}

/**
 * Statements by key that are gathered while others are under way, and then run as one: the busier the store, the fewer the
 * statements. Nothing is kept: each statement begins after it was asked for, and so sees whatever was acknowledged before.
 * @param run runs one statement for several keys, and gives its results in their order
 * @returns runs it for one key; throws StoreBusyError when too many wait, or for too long
 */
export function gathered<Key, Result>(
  run: (keys: readonly Key[]) => Promise<Result[]>,
  { underWay, size, patienceMs, most = MOST }: Limits,
): (key: Key) => Promise<Result> {
  const waiting: (() => void)[] = [];
  let running = 0;
  let asked = 0;
  const next = () => {
    if (running === underWay || waiting.length === 0) return;
    running += 1;
    waiting.shift()?.();
  };
  const runInTime = async (all: readonly { key: Key; askedAt: number }[]): Promise<(Result | Error)[]> => {
    const earliest = performance.now() - patienceMs;
    // They stand in the order of their times.
    const late = all.filter(({ askedAt }) => askedAt < earliest).map(() => new StoreBusyError());
    const keys = all.slice(late.length).map(({ key }) => key);
    if (keys.length === 0) return late;
    return [...late, ...(await run(keys).catch((error: unknown) => keys.map(() => error as Error)))];
  };
  const loader = new DataLoader<{ key: Key; askedAt: number }, Result>(
    async (all) => {
      try {
        return await runInTime(all);
      } finally {
        running -= 1;
        next();
      }
    },
    {
      cache: false,
      maxBatchSize: size,
      batchScheduleFn: (dispatch) => {
        waiting.push(dispatch);
        process.nextTick(next);
      },
    },
  );
  const answered = () => {
    asked -= 1;
  };
  return (key) => {
    if (asked >= most) return Promise.reject(new StoreBusyError());
    asked += 1;
    const result = loader.load({ key, askedAt: performance.now() });
    result.then(answered, answered);
    return result;
  };
}
