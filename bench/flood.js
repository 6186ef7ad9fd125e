// The flood: the latency of verify and refresh at a modest rate, while 400 connections guess
// passwords as fast as they can.
import { fork } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Generator } from './rounds.js';
import { spread } from './statistics.js';
import { CLIENTS, feltIn, MARGIN, RATES, steady, stockOf, WARM_UP_SECONDS } from './storm.js';
import { createDatabase, latchkey, startAll } from './targets.js';

/**
 * @typedef {{ alone: import('./storm.js').Felt, storm: import('./storm.js').Felt, load:
 *   import('./load.js').Load }} Round
 */

const FLOODS = ['flood-source', 'flood-name', 'flood-names'];
/** How long to wait at most for the hashes that a flood leaves queued. */
const CALM_MS = 3_000;

/** @param {import('./run.js').Setting} setting */
export async function flood({ serverUrl, options, progress }) {
  const { rounds: count = 5, seconds = 10, only = FLOODS } = options;
  const running = await startAll([latchkey(await createDatabase(serverUrl, 'flood'))]);
  const sender = fork(fileURLToPath(new URL('steady.js', import.meta.url)));
  const generator = new Generator();
  try {
    const [served] = running;
    if (!served) throw new Error('nothing is served');
    const stock = await stockOf(served, RATES.refresh * (WARM_UP_SECONDS + 2 * count * seconds * only.length));
    const stocked = { served, stock };
    await steady(sender, stocked, WARM_UP_SECONDS);
    /** @type {Map<string, Round[]>} */
    const measured = new Map(only.map((work) => [work, []]));
    for (let round = 0; round < count; round++)
      for (const [work, rounds] of measured) {
        const alone = await steady(sender, stocked, seconds);
        const job = {
          url: served.url,
          target: 'latchkey',
          work,
          sessions: stock.accounts.slice(0, 1),
          connections: CLIENTS,
        };
        const flooding = generator.run({ ...job, seconds: seconds + 2 * MARGIN });
        await sleep(MARGIN * 1000);
        const storm = await steady(sender, stocked, seconds);
        rounds.push({ alone, storm, load: await flooding });
        progress(`${work}, round ${round + 1} of ${count}`);
        await sleep(CALM_MS);
      }
    const rows = [...measured].map(([work, rounds]) => ({
      flood: work,
      ...feltIn(rounds),
      rate: spread(rounds.map(({ load }) => load.rate)),
      statuses: rounds.at(-1)?.load.statuses,
    }));
    return { rows, notes: [] };
  } finally {
    sender.kill();
    generator.stop();
    for (const { stop } of running) await stop();
  }
}
