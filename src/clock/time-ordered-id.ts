import { randomFillSync } from 'node:crypto';
import { v7 } from 'uuid';

const LENGTH = 16;
/** Random bytes of the next ids. To ask the system for those of one takes longer than the rest of it. */
const pool = new Uint8Array(128 * LENGTH);
let used = pool.length;
let count = 0;

/**
 * A new UUID whose order is that of time, and within a millisecond that of this process (version 7, RFC 9562 section 5.7).
 * @param msecs milliseconds since 1970
 */
export function timeOrderedId(msecs: number): string {
  return v7({ msecs, seq: count++, random: randomness() });
}

/** The first of the ids that {@link timeOrderedId} may make for a millisecond. */
export function firstIdOf(msecs: number): string {
  return v7({ msecs, seq: 0, random: new Uint8Array(LENGTH) });
}

function randomness(): Uint8Array {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += LENGTH;
  return pool.subarray(used - LENGTH, used);
}
