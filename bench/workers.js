// The workers: one worker compared with two.
import { sideBySide } from './rounds.js';
import { ratios, typical } from './statistics.js';
import { createDatabase, latchkey, startAll } from './targets.js';

const COUNTS = ['1', '2'];

/**
 * Measures the service with one worker and with two.
 * @param {import('./run.js').Setting} setting
 */
export async function workers({ serverUrl, options, progress }) {
  const own = latchkey(await createDatabase(serverUrl, 'workers'));
  const targets = COUNTS.map((count) => ({
    name: count,
    start: (/** @type {Record<string, string>} */ env = {}) => own.start({ WORKERS: count, ...env }),
  }));
  const running = await startAll(targets).catch(() => undefined);
  if (!running) return { rows: [], notes: ['The workers were left out: this build does not start with two.'] };
  try {
    const results = await sideBySide(running, {
      works: options.only ?? ['verify', 'refresh'],
      connections: options.connections ?? [16, 64],
      rounds: options.rounds ?? 5,
      seconds: options.seconds ?? 2,
      onResult: ({ work, connections }) => progress(`${work}, ${connections} connections`),
    });
    return { rows: results.map(rowOf), notes: [] };
  } finally {
    for (const { stop } of running) await stop();
  }
}

/** @param {import('./rounds.js').Result} result */
function rowOf({ work, connections, loads }) {
  const { 1: one = [], 2: two = [] } = loads;
  const [ones, twos] = [one, two].map((rounds) => rounds.map(({ rate }) => rate));
  return { work, connections, one: typical(one), two: typical(two), gain: ratios(twos ?? [], ones ?? []) };
}
