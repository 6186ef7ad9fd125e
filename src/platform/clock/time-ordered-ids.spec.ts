import { version } from 'uuid';
import { describe, expect, it } from 'vitest';
import { firstIdOf, timeOrderedIds } from './time-ordered-ids.js';

const NOW = Date.UTC(2030, 0, 1);
/** The digits behind the time and the count (RFC 9562 section 5.7). */
const RANDOM_DIGITS = 10;

describe('timeOrderedIds', () => {
  it('makes UUIDs of version 7, in the order of their creation', () => {
    const newId = timeOrderedIds();
    const ids = [NOW, NOW + 1, NOW + 60_000].flatMap((time) => Array.from({ length: 1_000 }, () => newId(time)));

    expect(ids.map((id) => version(id))).toEqual(ids.map(() => 7));
    expect(ids.toSorted()).toEqual(ids);
    expect(new Set(ids.map((id) => id.slice(-RANDOM_DIGITS))).size).toBe(ids.length);
  });

  it('hides how many ids were created', () => {
    const newId = timeOrderedIds();
    const counts = Array.from({ length: 100 }, (_, i) => newId(NOW + i).slice(13));

    expect(counts.toSorted()).not.toEqual(counts);
  });

  it('orders the first id of a millisecond before its other ids and after earlier ids', () => {
    const newId = timeOrderedIds();

    expect(firstIdOf(NOW) < newId(NOW)).toBe(true);
    expect(firstIdOf(NOW) > newId(NOW - 1)).toBe(true);
  });
});
