/**
 * The default bound on unanswered keys. A slow store must not leave a backlog that it could not
 * work off at once.
 */
const MOST = 10_000;

/** Too many keys wait for the store, or this key has waited for too long. */
export class StoreBusyError extends Error {
  readonly code = 'POOL_QUEUE_FULL';

  constructor() {
    super('too many wait for the database');
    this.name = new.target.name;
  }
}

export interface BatchLimits {
  /** How many batches run at the same time. */
  readonly underWay: number;
  /** The most keys of one batch. */
  readonly size: number;
  /**
   * How long a key may wait for its batch. By then the caller has timed out, so running it would be
   * wasted.
   */
  readonly patienceMs: number;
  /** How many keys may be unanswered. */
  readonly most?: number;
}

/** A key that waits for its batch. */
interface Waiting<Key, Result> {
  readonly key: Key;
  readonly since: number;
  readonly resolve: (result: Result) => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * Runs work for keys in batches: the keys that arrive while other batches run share the next one.
 * So the busier the store, the fewer the statements. Nothing is cached: a batch begins after its
 * keys have arrived, so it sees every change that was acknowledged before.
 * @param run runs one batch, and returns the results in the order of the keys
 * @returns a function that runs the work for one key. Rejects with StoreBusyError when too many
 * keys wait, or when its key waits for too long
 */
export function batched<Key, Result>(
  run: (keys: readonly Key[]) => Promise<readonly Result[]>,
  { underWay, size, patienceMs, most = MOST }: BatchLimits,
): (key: Key) => Promise<Result> {
  const waiting: Waiting<Key, Result>[] = [];
  let running = 0;
  let unanswered = 0;

  function add(key: Key): Promise<Result> {
    if (unanswered >= most) return Promise.reject(new StoreBusyError());
    unanswered += 1;
    // Keys of the same turn share a batch.
    if (waiting.length === 0) process.nextTick(startBatches);
    return new Promise((resolve, reject) => waiting.push({ key, since: performance.now(), resolve, reject }));
  }

  function startBatches(): void {
    refuseLate();
    while (running < underWay && waiting.length > 0) void runBatch(waiting.splice(0, size));
  }

  /** Refuses the keys that have waited for too long. They are in front, in order of arrival. */
  function refuseLate(): void {
    const earliest = performance.now() - patienceMs;
    const inTime = waiting.findIndex(({ since }) => since >= earliest);
    const late = waiting.splice(0, inTime === -1 ? waiting.length : inTime);
    unanswered -= late.length;
    for (const { reject } of late) reject(new StoreBusyError());
  }

  async function runBatch(batch: readonly Waiting<Key, Result>[]): Promise<void> {
    running += 1;
    try {
      const results = await run(batch.map(({ key }) => key));
      for (const [i, { resolve }] of batch.entries()) resolve(results[i] as Result);
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
    unanswered -= batch.length;
    running -= 1;
    startBatches();
  }

  return add;
}
