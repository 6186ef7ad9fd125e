import { randomFillSync } from 'node:crypto';
import { v7 } from 'uuid';

const LENGTH = 16;
/**
 * Random bytes of the next ids. Asking the system for those of one id takes longer than the rest of
 * its making.
 */
const pool = Buffer.alloc(128 * LENGTH);
let used = pool.length;

/**
 * Makes UUIDs in the order of time, and within a millisecond in the order of the calls (version 7,
 * RFC 9562 sections 5.7 and 6.2). Each millisecond counts from a random number, so that an id does
 * not tell how many there were.
 * @returns makes an id for a time in milliseconds since 1970
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

/** Returns the least id that there can be for a millisecond. */
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
