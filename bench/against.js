// The comparison of this checkout with another: whether a change has made a route slower.
import { resolve } from 'node:path';
import { sideBySide } from './rounds.js';
import { median, ratios, typical } from './statistics.js';
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
  /** @param {'rate' | 'cpu'} measure @param {typeof own} rounds */
  const each = (measure, rounds) => rounds.map((round) => round[measure]);
  return {
    ...{ work, connections, own: typical(own), before: typical(before) },
    ratio: ratios(each('rate', own), each('rate', before)),
    cpu: median(each('cpu', own)),
    cpuBefore: median(each('cpu', before)),
    cpuRatio: ratios(each('cpu', own), each('cpu', before)),
  };
}
