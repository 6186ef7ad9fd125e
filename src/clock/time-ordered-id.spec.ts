import { version } from 'uuid';
import { describe, expect, it } from 'vitest';
import { firstIdOf, timeOrderedId } from './time-ordered-id.js';

const NOW = Date.UTC(2030, 0, 1);

describe('ids in the order of time', () => {
  it('are UUIDs of version 7, each another', () => {
    const ids = Array.from({ length: 1_000 }, () => timeOrderedId(NOW));

    expect(new Set(ids).size).toBe(1_000);
    expect(ids.map((id) => version(id))).toEqual(ids.map(() => 7));
  });

  it('are in the order in which they were made, within a millisecond too', () => {
    const ids = [NOW, NOW, NOW + 1, NOW + 1, NOW + 60_000].map((time) => timeOrderedId(time));

    expect(ids.toSorted()).toEqual(ids);
  });

  it('share no random part', () => {
    const parts = Array.from({ length: 300 }, () => timeOrderedId(NOW).slice(-12));

    expect(new Set(parts).size).toBe(300);
  });

  it('have a first one for each millisecond', () => {
    expect(firstIdOf(NOW) < timeOrderedId(NOW)).toBe(true);
    expect(firstIdOf(NOW) > timeOrderedId(NOW - 1)).toBe(true);
  });
});
