// The machine's hash rate, a process of its own that does nothing else: argon2 two at a time at the service's cost.
import argon2 from 'argon2';

const AT_ONCE = 2;
/** @type {argon2.HashOptions} */
const COST = { type: argon2.argon2id, memoryCost: 19_456, timeCost: 2, parallelism: 1 };
const DURATION_MS = 2000;

const hash = await argon2.hash('correct horse battery staple', COST);
const verifyUntil = async (/** @type {number} */ end) => {
  let count = 0;
  while (performance.now() < end) {
    await argon2.verify(hash, 'correct horse battery staple');
    count += 1;
  }
  return count;
};

const start = performance.now();
const counts = await Promise.all(Array.from({ length: AT_ONCE }, () => verifyUntil(start + DURATION_MS)));
const seconds = (performance.now() - start) / 1000;
process.send?.(counts.reduce((sum, count) => sum + count, 0) / seconds);
