// The routes: Latchkey compared with the limit and the peer.
import { sideBySide } from './rounds.js';
import { ratios, typical } from './statistics.js';
import { createDatabase, latchkey, limit, peer, startAll } from './targets.js';

/** @typedef {import('./run.js').Setting} Setting @typedef {import('./rounds.js').Result} Result */

const WORKS = ['register', 'login', 'refresh', 'verify', 'getuser', 'B-refresh', 'logout', 'mixed'];

/** @param {Setting} setting */
export async function routes({ serverUrl, options, progress }) {
  const database = await createDatabase(serverUrl, 'routes');
  const other = options.peer ? peer(await createDatabase(serverUrl, 'peer')) : undefined;
  const running = await startAll([latchkey(database), limit(database), ...(other ? [other] : [])]);
  try {
    const results = await sideBySide(running, {
      works: options.only ?? WORKS,
      connections: options.connections ?? [1, 16, 64],
      rounds: options.rounds ?? 5,
      seconds: options.seconds ?? 2,
      onResult: ({ work, connections }) => progress(`${work}, ${connections} connections`),
    });
    return { rows: results.map(rowOf), notes: other ? [] : [`The peer was left out: ${reason(options)}.`] };
  } finally {
    for (const { stop } of running) await stop();
  }
}

/** @param {Setting['options']} options */
function reason(options) {
  return options.peer ? 'its packages cannot be installed here' : '--no-peer';
}

/** @param {Result} result */
function rowOf({ work, connections, loads }) {
  const { latchkey: own = [], limit: bound = [], peer: other } = loads;
  const rates = own.map(({ rate }) => rate);
  const to = (/** @type {import('./load.js').Load[]} */ them) =>
    ratios(
      rates,
      them.map(({ rate }) => rate),
    );
  return {
    work,
    connections,
    latchkey: typical(own),
    limit: typical(bound),
    peer: other && typical(other),
    toLimit: to(bound),
    toPeer: other && to(other),
  };
}
