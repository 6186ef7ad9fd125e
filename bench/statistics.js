// Medians and the spread of rounds.

/** @typedef {{ median: number, min: number, max: number }} Spread */

/** @param {number[]} values */
export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)] ?? Number.NaN;
  return Number.isInteger(middle) ? (upper + (sorted[middle - 1] ?? Number.NaN)) / 2 : upper;
}

/** @param {number[]} values one for each round @returns {Spread} */
export function spread(values) {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
}

/**
 * Returns the ratio of two values for each round.
 * @param {number[]} values
 * @param {number[]} others
 * @returns {Spread}
 */
export function ratios(values, others) {
  return spread(values.map((value, i) => value / (others[i] ?? Number.NaN)));
}

/** @param {number[]} sorted ascending @param {number} share from 0 to 1 */
export function quantile(sorted, share) {
  return sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
}

/**
 * Returns the median of each measurement over the rounds.
 * @param {import('./load.js').Load[]} loads
 * @returns {{ rate: number, p50: number, p99: number }} answers a second, milliseconds
 */
export function typical(loads) {
  return {
    rate: median(loads.map(({ rate }) => rate)),
    p50: median(loads.map(({ p50 }) => p50)),
    p99: median(loads.map(({ p99 }) => p99)),
  };
}
