import DataLoader from 'dataloader';

/**
 * Reads by key that are gathered while others are under way, and then read together: the busier the store, the fewer the
 * statements. Nothing is kept: each read begins after it was asked for, and so sees whatever was acknowledged before.
 * @param read reads several keys in one statement, in their order
 * @param underWay statements at a time, at most
 * @param size keys of one statement, at most
 */
export function gathered<Key, Result>(
  read: (keys: readonly Key[]) => Promise<Result[]>,
  { underWay, size }: { readonly underWay: number; readonly size: number },
): (key: Key) => Promise<Result> {
  const waiting: (() => void)[] = [];
  let running = 0;
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
  return (key) => loader.load(key);
}
