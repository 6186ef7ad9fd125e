// The machine's hash rate: argon2 at the service's cost, two at a time, in a process of its own.
// Started by hand, it measures each hash library in turn. `npm run bench -- --storm` starts it for
// the library that the service uses.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import argon2 from 'argon2';
import native from '@node-rs/argon2';

const AT_ONCE = 2;
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };
const DURATION_MS = 2000;
const PASSWORD = 'correct horse battery staple';
const ROUNDS = 5;

/** @type {Record<string, (hash: string, password: string) => Promise<boolean>>} */
const ENGINES = { '@node-rs/argon2': native.verify, argon2: argon2.verify };

if (process.send) process.send(await measure(process.argv[2] ?? '@node-rs/argon2'));
else await compare();

/** @param {string} engine */
async function measure(engine) {
  const verify = /** @type {(typeof ENGINES)[string]} */ (ENGINES[engine]);
  const hash = await argon2.hash(PASSWORD, { type: argon2.argon2id, ...COST });
  const verifyUntil = async (/** @type {number} */ end) => {
    let count = 0;
    while (performance.now() < end) {
      await verify(hash, PASSWORD);
      count += 1;
    }
    return count;
  };
  const start = performance.now();
  const before = process.cpuUsage();
  const counts = await Promise.all(Array.from({ length: AT_ONCE }, () => verifyUntil(start + DURATION_MS)));
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(before);
  const count = counts.reduce((sum, each) => sum + each, 0);
  return { rate: count / seconds, cpuMs: (user + system) / 1000 / count };
}

/** Prints each round of each library: elapsed time with two threads and with one, and CPU time. */
async function compare() {
  for (let round = 1; round <= ROUNDS; round++)
    for (const threads of [1, 2])
      for (const engine of Object.keys(ENGINES)) {
        const env = { ...process.env, UV_THREADPOOL_SIZE: String(threads) };
        const child = fork(fileURLToPath(import.meta.url), [engine], { env });
        const [{ rate, cpuMs }] = await once(child, 'message');
        await once(child, 'exit');
        console.log(`${round} ${threads} ${engine} ${rate.toFixed(0)} hashes/s ${cpuMs.toFixed(1)} ms CPU/hash`);
      }
}
