// The profile: a flame graph of the service under one work.
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { flamesOf } from './profile/flames.js';
import { sideBySide } from './rounds.js';
import { createDatabase, latchkey } from './targets.js';

const SAMPLE_US = 500;

/**
 * Profiles the service while it answers the requests of one work.
 * @param {import('./run.js').Setting} setting
 */
export async function profile({ serverUrl, options, progress, results }) {
  const [work = 'refresh'] = options.only ?? [];
  const [connections = 16] = options.connections ?? [];
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-profile-'));
  try {
    const database = await createDatabase(serverUrl, 'profile');
    const flags = ['--cpu-prof', `--cpu-prof-dir=${folder}`, `--cpu-prof-interval=${SAMPLE_US}`];
    const plain = latchkey(database);
    const service = await latchkey(database, { nodeOptions: flags }).start(plain.env);
    // Other processes of the target, such as the one that opens sessions, are not profiled.
    const running = [{ target: plain, url: service.url, pid: service.pid }];
    let loaded = { from: 0, to: 0 };
    try {
      const { seconds = 10 } = options;
      await sideBySide(running, { works: [work], connections: [connections], rounds: 1, seconds });
      loaded = { from: micros() - seconds * 1_000_000, to: micros() };
    } finally {
      await service.stop();
    }
    progress(`profile of ${work}`);
    const text = readFileSync(largestOf(folder), 'utf8');
    writeFileSync(join(results, `profile-${work}.cpuprofile`), text);
    return { work, rows: flamesOf(JSON.parse(text), loaded), notes: [`${work}, ${connections} connections.`] };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Returns the time of the monotonic clock, which profiles use. */
function micros() {
  return Number(process.hrtime.bigint() / 1000n);
}

/**
 * Returns the largest profile, which is that of the busiest process.
 * @param {string} folder
 */
function largestOf(folder) {
  const files = readdirSync(folder).map((name) => join(folder, name));
  const [largest] = files.toSorted((a, b) => statSync(b).size - statSync(a).size);
  if (!largest) throw new Error('the service has written no profile');
  return largest;
}
