// The storm: the latency of verify and refresh at a modest rate, while 400 clients log in at once.
// Also counts how many of these logins succeed.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Generator, newSessions } from './rounds.js';
import { median, ratios, spread } from './statistics.js';
import { createDatabase, latchkey, limit, startAll } from './targets.js';
import { login } from './works.js';

/**
 * @typedef {import('./works.js').Session} Session
 * @typedef {import('./targets.js').Running & { target: import('./targets.js').Target }} Served
 * @typedef {{ verify: import('./steady.js').Times, refresh: import('./steady.js').Times }} Felt
 * @typedef {{ accounts: Session[], verify: Session[], refresh: Session[] }} Stock
 * @typedef {{ served: Served, stock: Stock }} Stocked
 *
 * @typedef {object} Round
 * @property {number} hashes a second, of the machine
 * @property {Felt} alone
 * @property {Felt} storm
 * @property {number} logins a second that succeeded
 * @property {number} refused answers of 503
 * @property {number} broken connections that broke or timed out
 */

export const CLIENTS = 400;
const ACCOUNTS = 64;
/** Requests per second. */
export const RATES = { verify: 100, refresh: 20 };
/** How long the storm lasts before and after the measurement, in seconds. */
export const MARGIN = 1;
export const WARM_UP_SECONDS = 2;

/** @param {import('./run.js').Setting} setting */
export async function storm({ serverUrl, options, progress }) {
  const { rounds: count = 5, seconds = 10 } = options;
  const database = await createDatabase(serverUrl, 'storm');
  const running = await startAll([latchkey(database), limit(database)]);
  const sender = fork(fileURLToPath(new URL('steady.js', import.meta.url)));
  const generator = new Generator();
  try {
    /** @type {(Stocked & { rounds: Round[] })[]} */
    const measured = [];
    for (const served of running) {
      const stock = await stockOf(served, RATES.refresh * (WARM_UP_SECONDS + 2 * count * seconds));
      await steady(sender, { served, stock }, WARM_UP_SECONDS);
      measured.push({ served, stock, rounds: [] });
    }
    for (let round = 0; round < count; round++) {
      for (const { rounds, ...stocked } of measured) {
        rounds.push(await oneRound(stocked, { sender, generator, seconds }));
        progress(`storm, round ${round + 1} of ${count}, ${stocked.served.target.name}`);
      }
    }
    return { rows: measured.map(({ served, rounds }) => rowOf(served.target.name, rounds)), notes: [] };
  } finally {
    sender.kill();
    generator.stop();
    for (const { stop } of running) await stop();
  }
}

/** @param {Served} served @param {number} refreshes @returns {Promise<Stock>} */
export async function stockOf({ target, url }, refreshes) {
  const accounts = await newSessions(target, url, ACCOUNTS, { hashes: true });
  const verify = await newSessions(target, url, ACCOUNTS, {});
  return { accounts, verify, refresh: await newSessions(target, url, refreshes, {}) };
}

/**
 * @param {Stocked} stocked
 * @param {{ sender: import('node:child_process').ChildProcess, generator: Generator, seconds:
 *   number }} means
 * @returns {Promise<Round>}
 */
async function oneRound(stocked, { sender, generator, seconds }) {
  const { stock, served } = stocked;
  const { target, url } = served;
  const hashes = await hashRate();
  const alone = await steady(sender, stocked, seconds);
  const job = { url, target: target.name, work: 'login-storm', sessions: stock.accounts, connections: CLIENTS };
  const logins = generator.run({ ...job, seconds: seconds + 2 * MARGIN });
  await sleep(MARGIN * 1000);
  const felt = await steady(sender, stocked, seconds);
  const { statuses, seconds: took, failures } = await logins;
  const { 200: succeeded = 0, 503: refused = 0 } = statuses;
  await calm(url, stock);
  return { hashes, alone, storm: felt, logins: succeeded / took, refused, broken: failures - refused };
}

/**
 * @param {import('node:child_process').ChildProcess} sender
 * @param {Stocked} stocked
 * @param {number} seconds
 * @returns {Promise<Felt>}
 */
export async function steady(sender, { served: { url, target }, stock }, seconds) {
  const sessions = { verify: stock.verify, refresh: stock.refresh.splice(0, RATES.refresh * seconds) };
  sender.send({ url, seconds, rates: RATES, sessions });
  const [felt] = await once(sender, 'message', { signal: AbortSignal.timeout(seconds * 1000 + 60_000) });
  const failures = felt.verify.failures + felt.refresh.failures;
  if (failures > 0) throw new Error(`${target.name}: ${failures} failures at the steady rate`);
  return felt;
}

/**
 * Waits until the service has answered the logins that the storm left queued.
 * @param {string} url
 * @param {Stock} stock
 */
async function calm(url, stock) {
  const { path, ...init } = login(/** @type {Session} */ (stock.accounts[0]).username);
  while ((await fetch(url + path, init)).status === 503) await sleep(200);
  await sleep(500);
}

/**
 * Measures how many hashes a second the machine makes, two at a time.
 * @returns {Promise<number>}
 */
async function hashRate() {
  const child = fork(fileURLToPath(new URL('hash-rate.js', import.meta.url)), {
    env: { ...process.env, UV_THREADPOOL_SIZE: '2' },
  });
  const [{ rate }] = await once(child, 'message');
  await once(child, 'exit');
  return rate;
}

/**
 * @param {{ alone: Felt, storm: Felt }[]} rounds
 * @returns the latencies of verify and refresh
 */
export function feltIn(rounds) {
  const felt = (/** @type {'verify' | 'refresh'} */ work) => {
    const [alone, during] = /** @type {const} */ (['alone', 'storm']).map((when) => rounds.map((r) => r[when][work]));
    const of = (/** @type {typeof alone} */ times, /** @type {'p50' | 'p99' | 'late'} */ what) =>
      (times ?? []).map((time) => time[what]);
    return {
      alone: { p50: median(of(alone, 'p50')), p99: median(of(alone, 'p99')), late: median(of(alone, 'late')) },
      storm: { p50: median(of(during, 'p50')), p99: median(of(during, 'p99')), late: median(of(during, 'late')) },
      ratio: ratios(of(during, 'p99'), of(alone, 'p99')),
    };
  };
  return { verify: felt('verify'), refresh: felt('refresh') };
}

/** @param {string} target @param {Round[]} rounds */
function rowOf(target, rounds) {
  const hashes = rounds.map((round) => round.hashes);
  const logins = rounds.map((round) => round.logins);
  return {
    target,
    ...feltIn(rounds),
    logins: spread(logins),
    hashes: spread(hashes),
    share: ratios(logins, hashes),
    refused: median(rounds.map((round) => round.refused)),
    broken: median(rounds.map((round) => round.broken)),
  };
}
