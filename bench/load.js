// The load generator, a process of its own. Each message makes it run one work against one target.
import { setTimeout as sleep } from 'node:timers/promises';
import autocannon from 'autocannon';
import { quantile } from './statistics.js';
import { works } from './works.js';

/**
 * @typedef {object} Job
 * @property {string} url
 * @property {string} target
 * @property {string} work
 * @property {import('./works.js').Session[]} sessions
 * @property {number} connections
 * @property {number} seconds
 * @property {number} [amount] the number of requests, instead of that of the work and of the
 *   seconds
 *
 * @typedef {object} Load
 * @property {number} rate answers a second
 * @property {number} p50 milliseconds
 * @property {number} p99 milliseconds
 * @property {Record<string, number>} statuses answers by status
 * @property {number} seconds from the first request to the last answer
 * @property {number} failures answers that are no success, and broken connections
 */

process.on('message', async (/** @type {Job} */ job) => {
  try {
    process.send?.(await run(job));
  } catch (error) {
    console.error(error);
    process.exit(1);
  }
});

/** @param {Job} job @returns {Promise<Load>} */
async function run({ url, target, work: name, sessions, connections, seconds, amount }) {
  const work = works[name];
  if (!work) throw new Error(`there is no work ${name}`);
  const requests = amount ?? work.amount;
  let next = 0;
  const session = () => /** @type {import('./works.js').Session} */ (sessions[next++ % sessions.length]);

  /** @type {number[]} */
  const times = [];
  /** @type {Record<string, number>} */
  const statuses = {};
  let failures = 0;
  let first = 0;
  let last = 0;
  /** @type {any} */
  const options = {
    url,
    connections,
    ...(requests ? { amount: requests } : { duration: seconds }),
    sampleInt: 100,
    setupClient: (/** @type {any} */ client) => {
      const script = work.script(session, target);
      client.setRequests([script.first]);
      let answer = '';
      client.on('body', (/** @type {Buffer} */ chunk) => (answer += chunk.toString()));
      client.on('response', () => {
        const request = script.next?.(answer);
        answer = '';
        if (request) client.setRequests([request]);
      });
    },
  };
  /** @type {any} Its types know of the promise alone. */
  const run = autocannon(options);
  run.on(
    'response',
    (
      /** @type {unknown} */ _client,
      /** @type {number} */ status,
      /** @type {unknown} */ _bytes,
      /** @type {number} */ milliseconds,
    ) => {
      last = performance.now();
      first ||= last - milliseconds;
      times.push(milliseconds);
      statuses[status] = (statuses[status] ?? 0) + 1;
      if (status >= 300) failures += 1;
    },
  );
  const { errors } = await run;
  // Requests that are still open end before the next load begins.
  await sleep(300);
  times.sort((a, b) => a - b);
  const took = (last - first) / 1000;
  return {
    rate: times.length / took,
    p50: quantile(times, 0.5),
    p99: quantile(times, 0.99),
    statuses,
    seconds: took,
    failures: failures + errors,
  };
}
