import { randomFillSync } from 'node:crypto';
import { v7 } from 'uuid';

const LENGTH = 16;
/** Random bytes for the next ids. A system call for each id would take longer than the rest. */
const pool = Buffer.alloc(128 * LENGTH);
let used = pool.length;

/**
 * Returns a function that makes UUIDs of version 7 (RFC 9562 sections 5.7 and 6.2) for times in
 * milliseconds since 1970. The ids are in the order of time, and within a millisecond in the order
 * of the calls. Each millisecond counts from a random number, so that an id does not reveal how
 * many ids there are.
 */
export function timeOrderedIds(): (msecs: number) => string {
  let last = -1;
  let seq = 0;
  return (msecs) => {
    const random = randomBytes();
    seq = msecs === last ? seq + 1 : random.readUInt32BE() >>> 1;
    last = msecs;
    return v7({ msecs, seq, random });
  };
}

/** Returns the smallest possible id of a millisecond. */
export function firstIdOf(msecs: number): string {
  return v7({ msecs, seq: 0, random: new Uint8Array(LENGTH) });
}

function randomBytes(): Buffer {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += LENGTH;
  return pool.subarray(used - LENGTH, used);
}
