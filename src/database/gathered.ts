import DataLoader from 'dataloader';
import { StoreBusyError } from './within.js';

/** Reads that are waited for, at most: a store that takes its time over each must not leave more behind than it is through with at once. */
const MOST = 10_000;

/**
 * Reads by key that are gathered while others are under way, and then read together: the busier the store, the fewer the
 * statements. Nothing is kept: each read begins after it was asked for, and so sees whatever was acknowledged before.
 * @param read reads several keys in one statement, in their order
 * @param underWay statements at a time, at most
 * @param size keys of one statement, at most
 * @param most keys that wait or are read, at most
 * @returns a read; throws StoreBusyError when there are too many
 */
export function gathered<Key, Result>(
  read: (keys: readonly Key[]) => Promise<Result[]>,
  { underWay, size, most = MOST }: { readonly underWay: number; readonly size: number; readonly most?: number },
): (key: Key) => Promise<Result> {
  const waiting: (() => void)[] = [];
  let running = 0;
  let asked = 0;
  const next = () => {
    if (running === underWay || waiting.length === 0) return;
    running += 1;
    waiting.shift()?.();
  };
  const loader = new DataLoader<Key, Result>(
    async (keys) => {
      try {
        return await read(keys);
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
    const result = loader.load(key);
    result.then(answered, answered);
    return result;
  };
}
