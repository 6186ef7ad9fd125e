import { EXPANSIONS, RANGES } from './case-folding.data.js';

const FOLDED = new Map([...Object.entries(EXPANSIONS), ...commonFoldings()]);

/**
 * Returns a text under Unicode's full case folding (Unicode Standard, section 3.13.3). Stored name
 * keys depend on the table, so it is part of this service, and changes only by a commit.
 */
export function caseFold(text: string): string {
  let folded = '';
  for (const letter of text) folded += FOLDED.get(letter) ?? letter;
  return folded;
}

function* commonFoldings(): Generator<[string, string]> {
  for (const range of RANGES.trim().split('\n')) {
    const [first = 0, last = 0, step = 1, offset = 0] = range.split(' ').map(Number);
    for (let letter = first; letter <= last; letter += step)
      yield [String.fromCodePoint(letter), String.fromCodePoint(letter + offset)];
  }
}
