// The growth: one build over small and over large tables, with sessions from the whole table.
import { randomInt } from 'node:crypto';
import { totalmem } from 'node:os';
import { startDatabaseServer } from '../scripts/database-server.js';
import { fill } from './growth/fill.js';
import { tokenMaker } from './growth/tokens.js';
import { Generator } from './rounds.js';
import { ratios, typical } from './statistics.js';
import { createDatabase, latchkey } from './targets.js';

/**
 * @typedef {import('./load.js').Load} Load
 *
 * @typedef {object} Store
 * @property {string} name
 * @property {import('./growth/fill.js').Filled} filled
 * @property {import('./growth/tokens.js').TokenMaker} tokens
 * @property {import('./targets.js').Running} service
 */

const SMALL = 1000;

/**
 * How many tokens one load uses. Both tables use as many, and fewer than the signature cache holds.
 */
const TOKENS = 4000;

/** Half of the memory of the machine, so that the tables fit. */
const poolGiB = Math.max(1, Math.floor(totalmem() / 2 ** 31));
const SERVER = [
  `--innodb-buffer-pool-size=${poolGiB}G`,
  // Each server knows one of them.
  ...['--loose-innodb-log-file-size=1G', '--loose-innodb-redo-log-capacity=2G'],
];

/**
 * @typedef {object} Growing
 * @property {string} load
 * @property {boolean} [again] whether only the second use of the same tokens is measured
 * @property {(connections: number) => number} [amount] requests of one load; left out: as many as
 *   the time allows
 */

/** @type {Record<string, Growing>} */
const WORKS = {
  // First checks of signatures and writes of last uses would hide the cost of the tables.
  verify: { load: 'verify-each', again: true },
  // Uses each session of the small table at most once. A connection looks one session ahead.
  refresh: { load: 'refresh-each', amount: (connections) => SMALL - connections - (SMALL % connections) },
  login: { load: 'login-each' },
};

/** @param {import('./run.js').Setting} setting */
export async function growth({ options, progress }) {
  const { rounds = 5, seconds = 2, rows } = options;
  const [connections = 16] = options.connections ?? [];
  const works = (options.only ?? Object.keys(WORKS)).map((name) => ({ name, ...workOf(name) }));
  const server = await startDatabaseServer(SERVER);
  const generator = new Generator();
  /** @type {Store[]} */
  const stores = [];
  try {
    for (const [name, count] of /** @type {[string, number][]} */ ([
      ['small', SMALL],
      ['large', rows],
    ]))
      stores.push(await storeOf(server.url, name, count, progress));
    /** @type {Record<string, Record<string, Load[]>>} */
    const loads = {};
    // The first round warms up and does not count.
    for (let round = 0; round <= rounds; round++) {
      for (const { name, load, again, amount } of works) {
        for (const store of round % 2 ? stores : stores.toReversed()) {
          const sessions = await store.tokens.sessions(numbers(TOKENS, store.filled.rows), TOKENS);
          const job = { url: store.service.url, target: 'latchkey', work: load, sessions, connections, seconds };
          if (again) await generator.run({ ...job, amount: TOKENS });
          const result = await generator.run({ ...job, ...(amount && { amount: amount(connections) }) });
          if (result.failures > 0) throw new Error(`${store.name}: ${result.failures} failures at ${name}`);
          if (round > 0) ((loads[name] ??= {})[store.name] ??= []).push(result);
        }
      }
      progress(`growth, round ${round} of ${rounds}`);
    }
    const tables = stores.map(({ name, filled }) => ({ name, rows: filled.rows, gigabytes: filled.gigabytes }));
    const notes = [
      `Tables of ${tables.map(({ rows, gigabytes }) => `${rows} rows (${gigabytes.toFixed(3)} GB)`).join(' and ')}.`,
      `Buffer pool of the database ${poolGiB} GiB; ${connections} connections.`,
    ];
    return { rows: works.map(({ name }) => rowOf(name, loads[name] ?? {})), tables, notes };
  } finally {
    generator.stop();
    for (const { tokens, service } of stores) {
      await tokens.close();
      await service.stop();
    }
    server.stop();
  }
}

/** @param {string} name */
function workOf(name) {
  const work = WORKS[name];
  if (!work) throw new Error(`growth has no work ${name}`);
  return work;
}

/**
 * Fills a database and starts the service over it.
 * @param {string} serverUrl
 * @param {string} name
 * @param {number} rows
 * @param {(text: string) => void} progress
 * @returns {Promise<Store>}
 */
async function storeOf(serverUrl, name, rows, progress) {
  const databaseUrl = await createDatabase(serverUrl, `growth_${name}`);
  const target = latchkey(databaseUrl);
  const service = await target.start();
  try {
    const filled = await fill(databaseUrl, service.url, rows, (done) => progress(`${name} tables: ${done} rows`));
    return { name, filled, service, tokens: await tokenMaker(databaseUrl, filled, target.env) };
  } catch (error) {
    await service.stop();
    throw error;
  }
}

/**
 * @param {number} count
 * @param {number} below
 * @returns {number[]} `count` different whole numbers, or all of them if there are fewer
 */
function numbers(count, below) {
  const picked = new Set();
  while (picked.size < Math.min(count, below)) picked.add(randomInt(below));
  return [...picked];
}

/** @param {string} work @param {Record<string, Load[]>} loads */
function rowOf(work, { small = [], large = [] }) {
  const of = (/** @type {Load[]} */ rounds, /** @type {'p50' | 'rate'} */ what) => rounds.map((load) => load[what]);
  return {
    work,
    small: typical(small),
    large: typical(large),
    p50: ratios(of(large, 'p50'), of(small, 'p50')),
    rate: ratios(of(large, 'rate'), of(small, 'rate')),
  };
}
