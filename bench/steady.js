// Sends requests at a fixed rate, as a process of its own. Each request is sent when it is due, and
// its time counts from then. A sender that waits for answers would send nothing at the slowest
// times.
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { quantile } from './statistics.js';
import { refresh, verify } from './works.js';

/**
 * @typedef {import('./works.js').Session} Session
 *
 * @typedef {object} Job
 * @property {string} url
 * @property {number} seconds
 * @property {{ verify: number, refresh: number }} rates requests a second
 * @property {{ verify: Session[], refresh: Session[] }} sessions each refresh uses one up
 *
 * @typedef {object} Times
 * @property {number} p50 milliseconds from when a request was due to the end of its answer
 * @property {number} p99
 * @property {number} late milliseconds by which requests were sent later than they were due, at
 *   their 99th percentile
 * @property {number} count
 * @property {number} failures answers that are no success, and broken connections
 */

const agent = new Agent({ keepAlive: true, maxFreeSockets: 256 });

process.on('message', async (/** @type {Job} */ { url, seconds, rates, sessions }) => {
  const start = performance.now() + 100;
  const [verified, refreshed] = await Promise.all([
    stream(url, start, rates.verify, seconds, (i) => verify(at(sessions.verify, i).access)),
    // Between two verifications, so that the two kinds do not coincide.
    stream(url, start + 500 / rates.verify, rates.refresh, seconds, (i) => refresh(at(sessions.refresh, i).refresh)),
  ]);
  process.send?.({ verify: verified, refresh: refreshed });
});

/** @param {Session[]} sessions @param {number} i */
const at = (sessions, i) => /** @type {Session} */ (sessions[i % sessions.length]);

/**
 * @param {string} url
 * @param {number} start
 * @param {number} rate
 * @param {number} seconds
 * @param {(i: number) => import('./works.js').Request} requestOf
 * @returns {Promise<Times>}
 */
async function stream(url, start, rate, seconds, requestOf) {
  const answers = [];
  const late = [];
  for (let i = 0; i < rate * seconds; i++) {
    const due = start + (i * 1000) / rate;
    const wait = due - performance.now();
    if (wait > 0) await sleep(wait);
    late.push(performance.now() - due);
    answers.push(send(url, requestOf(i)).then((isSuccess) => ({ isSuccess, time: performance.now() - due })));
  }
  const ended = await Promise.all(answers);
  const times = ended.map(({ time }) => time).sort((a, b) => a - b);
  late.sort((a, b) => a - b);
  return {
    p50: quantile(times, 0.5),
    p99: quantile(times, 0.99),
    late: quantile(late, 0.99),
    count: times.length,
    failures: ended.filter(({ isSuccess }) => !isSuccess).length,
  };
}

/**
 * @param {string} url
 * @param {import('./works.js').Request} what
 * @returns {Promise<boolean>} whether the answer is a success
 */
function send(url, { path, method, headers = {}, body = '' }) {
  return new Promise((resolve) => {
    const length = { 'Content-Length': String(Buffer.byteLength(body)) };
    const sent = request(url + path, { agent, method, headers: { ...headers, ...length } }, (response) => {
      response.resume();
      response.once('end', () => resolve(Number(response.statusCode) < 300));
    });
    sent.once('error', () => resolve(false));
    sent.end(body);
  });
}
