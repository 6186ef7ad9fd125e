// The footprint: the time of a start, and the resident memory while the service answers requests.
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { HAS_PROC, tree } from './processes.js';
import { Generator, newSessions } from './rounds.js';
import { spread } from './statistics.js';
import { createDatabase, latchkey, limit } from './targets.js';

/**
 * @typedef {import('./targets.js').Target} Target
 *
 * @typedef {object} Memory
 * @property {number} requests answered before
 * @property {number} rss MiB
 * @property {number} pss MiB, pages that processes share counted once
 */

const STARTS = 7;
const STEP = 100_000;
const CONNECTIONS = 16;
const IDLE_SECONDS = 3;

/** @param {import('./run.js').Setting} setting */
export async function footprint({ serverUrl, options, progress }) {
  const database = await createDatabase(serverUrl, 'footprint');
  const targets = [latchkey(database), limit(database)];
  const starts = await startTimes(targets, progress);
  const rows = [];
  for (const [i, target] of targets.entries()) {
    const memory = HAS_PROC ? await memorySeries(target, options.requests, progress) : [];
    rows.push({ target: target.name, start: spread(starts[i] ?? []), memory });
  }
  const notes = HAS_PROC ? [] : ['Resident memory was left out: it is read from /proc, which only Linux has.'];
  return { rows, notes };
}

/**
 * Starts targets in turn, over a migrated database.
 * @param {Target[]} targets
 * @param {(text: string) => void} progress
 * @returns {Promise<number[][]>} milliseconds until they served, by target
 */
async function startTimes(targets, progress) {
  for (const target of targets) await (await target.start()).stop();
  /** @type {number[][]} */
  const times = targets.map(() => []);
  for (let i = 0; i < STARTS; i++) {
    for (const [j, target] of targets.entries()) {
      const { readyMs = Number.NaN, stop } = await target.start();
      times[j]?.push(readyMs);
      await stop();
    }
  }
  progress(`footprint, ${STARTS} starts`);
  return times;
}

/**
 * @param {Target} target
 * @param {number} requests
 * @param {(text: string) => void} progress
 * @returns {Promise<Memory[]>}
 */
async function memorySeries(target, requests, progress) {
  const { url, pid, stop } = await target.start();
  const generator = new Generator();
  try {
    const steps = Math.ceil(requests / STEP);
    const sessions = await newSessions(target, url, steps * CONNECTIONS, {});
    await sleep(IDLE_SECONDS * 1000);
    const series = [{ requests: 0, ...memoryOf(pid) }];
    for (let done = 0; done < requests; done += STEP) {
      const amount = Math.min(STEP, requests - done);
      const job = { url, target: target.name, work: 'in-turn', connections: CONNECTIONS, seconds: 0, amount };
      const { failures } = await generator.run({ ...job, sessions: sessions.splice(0, CONNECTIONS) });
      if (failures > 0) throw new Error(`${target.name}: ${failures} failures`);
      series.push({ requests: done + amount, ...memoryOf(pid) });
      progress(`footprint, ${target.name}, ${done + amount} requests`);
    }
    return series;
  } finally {
    generator.stop();
    await stop();
  }
}

/**
 * Returns the memory of a process and of all processes that it started, in MiB.
 * @param {number} pid
 * @returns {{ rss: number, pss: number }}
 */
function memoryOf(pid) {
  const all = tree(pid).map((one) => readFileSync(`/proc/${one}/smaps_rollup`, 'utf8'));
  const sum = (/** @type {string} */ name) =>
    all.reduce((total, text) => total + Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0), 0);
  return { rss: sum('Rss') / 1024, pss: sum('Pss') / 1024 };
}
