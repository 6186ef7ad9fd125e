// Loads every target in turn, round after round, so that other load of the machine affects all
// targets alike.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { processorTime } from './processes.js';
import { CHEAP } from './targets.js';
import { login, newName, register, works } from './works.js';

/**
 * @typedef {import('./targets.js').Target} Target
 * @typedef {import('./works.js').Session} Session
 * @typedef {import('./load.js').Load} Load
 */

/** The warm-up: in seconds, or in requests for a work with a fixed number of them. */
const WARM_UP = { seconds: 8, amount: 1_000 };

/**
 * @typedef {object} Result
 * @property {string} work
 * @property {number} connections
 * @property {Record<string, (Load & { cpu: number })[]>} loads by target, one for each round. `cpu`
 *   is the processor time of the target for one answer, in microseconds
 */

/** The process of the load generator. */
export class Generator {
  child = fork(fileURLToPath(new URL('load.js', import.meta.url)));
  ended = new AbortController();

  constructor() {
    this.child.once('exit', () => this.ended.abort(new Error('the load generator has ended')));
  }

  /** @param {import('./load.js').Job} job @returns {Promise<Load>} */
  async run(job) {
    this.child.send(job);
    const [load] = await once(this.child, 'message', { signal: this.ended.signal });
    return load;
  }

  stop() {
    this.child.kill();
  }
}

/**
 * Loads the targets with the works.
 * @param {{ target: Target, url: string, pid: number }[]} running
 * @param {{ works: string[], connections: number[], rounds: number, seconds: number, onResult?:
 *   (result: Result) => void }} options
 * @returns {Promise<Result[]>}
 */
export async function sideBySide(running, { works: names, connections: counts, rounds, seconds, onResult }) {
  const generator = new Generator();
  const results = [];
  try {
    for (const name of names) {
      const work = works[name];
      if (!work) throw new Error(`there is no work ${name}`);
      const served = running.filter(({ target }) => work.servedBy?.(target.name) ?? true);
      const most = Math.max(...counts);
      /** @param {number} connections sessions of one round */
      const share = (connections) => work.amount ?? connections;
      const warmUp = work.amount ? { amount: WARM_UP.amount } : {};
      const warming = warmUp.amount ?? most;
      const needed = work.usesUp
        ? counts.reduce((sum, connections) => sum + rounds * share(connections), warming)
        : most;
      const stock = new Map();
      for (const { target, url } of served) stock.set(target, await newSessions(target, url, needed, work));
      /**
       * @param {{ target: Target, url: string }} served
       * @param {number} connections
       * @param {number} count of sessions
       */
      const jobOf = ({ target, url }, connections, count) => {
        const all = stock.get(target);
        const sessions = work.usesUp ? all.splice(0, count) : all;
        return { url, target: target.name, work: name, sessions, connections };
      };
      // Warms up, even where a round has few requests.
      for (const one of served)
        await generator.run({ ...jobOf(one, most, warming), seconds: WARM_UP.seconds, ...warmUp });
      for (const connections of counts) {
        /** @type {Result['loads']} */
        const loads = {};
        for (let round = 0; round < rounds; round++) {
          for (const one of served) {
            const cpuBefore = processorTime(one.pid);
            const result = await generator.run({ ...jobOf(one, connections, share(connections)), seconds });
            const cpu = (processorTime(one.pid) - cpuBefore) / (result.rate * result.seconds);
            // The peer has no such setting.
            if (result.failures > 0 && one.target.name !== 'peer')
              throw new Error(`${one.target.name}: ${result.failures} failures at ${name}`);
            (loads[one.target.name] ??= []).push({ ...result, cpu });
          }
        }
        results.push({ work: name, connections, loads });
        onResult?.({ work: name, connections, loads });
      }
    }
  } finally {
    generator.stop();
  }
  return results;
}

/**
 * Logs in through a process of the target with cheap hashes, unless the work logs in again.
 * @param {Target} target
 * @param {string} url
 * @param {number} count
 * @param {Pick<import('./works.js').Work, 'hashes'>} work
 * @returns {Promise<Session[]>}
 */
export async function newSessions(target, url, count, work) {
  const maker = work.hashes ? undefined : await target.start(CHEAP);
  const base = maker?.url ?? url;
  const names = Array.from({ length: Math.min(count, 64) }, newName);
  const sessions = await inTurn(names, (name) => ask(base, name, register(name)));
  const more = Array.from({ length: count - names.length }, (_, i) => /** @type {string} */ (names[i % names.length]));
  sessions.push(...(await inTurn(more, (name) => ask(base, name, login(name)))));
  await maker?.stop();
  return sessions;
}

/**
 * Maps items asynchronously, a few at a time.
 * @template Item, Result
 * @param {Item[]} items
 * @param {(item: Item) => Promise<Result>} work
 */
async function inTurn(items, work) {
  /** @type {Result[]} */
  const results = [];
  for (let i = 0; i < items.length; i += 8) results.push(...(await Promise.all(items.slice(i, i + 8).map(work))));
  return results;
}

/**
 * @param {string} base
 * @param {string} username
 * @param {import('./works.js').Request} request
 * @returns {Promise<Session>}
 */
async function ask(base, username, { path, ...init }) {
  const response = await fetch(base + path, init);
  if (!response.ok) throw new Error(`${base}${path} answers ${response.status}`);
  return { username, .../** @type {any} */ (await response.json()) };
}
