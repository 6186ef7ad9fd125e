// `npm run test:cluster`: the same suite on each kind of cluster, one after the other. CLUSTER
// selects one kind.
import { spawnSync } from 'node:child_process';
import { findGroupServer, GROUP_SERVER } from './group-server.js';
import { root } from './prepare.js';

const KINDS = ['galera', 'group-multi-primary', 'group-single-primary'];
const asked = process.env['CLUSTER'];
if (asked && !KINDS.includes(asked)) throw new Error(`CLUSTER must be one of ${KINDS.join(', ')}`);

/**
 * Runs the suite on one kind of cluster.
 * @param {string} kind
 * @returns {string} the result, for the summary
 */
function run(kind) {
  if (kind !== 'galera' && !findGroupServer()) return `SKIPPED: needs ${GROUP_SERVER}`;
  console.log(`\n== ${kind}`);
  const args = ['exec', '--', 'vitest', 'run', '--project', 'cluster', ...process.argv.slice(2)];
  const { status } = spawnSync('npm', args, { cwd: root, stdio: 'inherit', env: { ...process.env, CLUSTER: kind } });
  return status === 0 ? 'passed' : 'FAILED';
}

const results = (asked ? [asked] : KINDS).map((kind) => /** @type {const} */ ([kind, run(kind)]));
console.log();
for (const [kind, result] of results) console.log(`${kind}: ${result}`);
// A kind that was selected must not be skipped.
if (results.some(([, result]) => result === 'FAILED' || (asked && result !== 'passed'))) process.exitCode = 1;
