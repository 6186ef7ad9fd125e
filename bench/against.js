// The comparison of this checkout with another: whether a change has made a route slower.
import { resolve } from 'node:path';
import { sideBySide } from './rounds.js';
import { ratios, typical } from './statistics.js';
import { createDatabase, latchkey, startAll } from './targets.js';

const WORKS = ['register', 'login', 'refresh', 'verify', 'getuser', 'B-refresh', 'logout'];

/**
 * Measures both checkouts in turn.
 * @param {import('./run.js').Setting} setting
 */
export async function against({ serverUrl, options, progress }) {
  const folder = resolve(options.against ?? '.');
  const other = latchkey(await createDatabase(serverUrl, 'against_other'), { folder });
  const running = await startAll([
    latchkey(await createDatabase(serverUrl, 'against_own')),
    { ...other, name: 'before' },
  ]);
  try {
    const results = await sideBySide(running, {
      works: options.only ?? WORKS,
      connections: options.connections ?? [1, 16, 64],
      rounds: options.rounds ?? 9,
      seconds: options.seconds ?? 1,
      onResult: ({ work, connections }) => progress(`${work}, ${connections} connections`),
    });
    return { rows: results.map(rowOf), notes: [] };
  } finally {
    for (const { stop } of running) await stop();
  }
}

/** @param {import('./rounds.js').Result} result */
function rowOf({ work, connections, loads }) {
  const { latchkey: own = [], before = [] } = loads;
  const [rates, others] = [own, before].map((rounds) => rounds.map(({ rate }) => rate));
  return { work, connections, own: typical(own), before: typical(before), ratio: ratios(rates ?? [], others ?? []) };
}
