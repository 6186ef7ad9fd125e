// `npm run test:cluster`: the same suite on each kind of cluster, one after the other. CLUSTER asks for one of them.
import { spawnSync } from 'node:child_process';
import { findGroupServer, GROUP_SERVER } from './group-server.js';
import { root } from './prepare.js';

const KINDS = ['galera', 'group-multi-primary', 'group-single-primary'];
const asked = process.env['CLUSTER'];
if (asked && !KINDS.includes(asked)) throw new Error(`CLUSTER is one of ${KINDS.join(', ')}`);

/** @param {string} kind @returns {string} what has come of it */
function run(kind) {
  if (kind !== 'galera' && !findGroupServer()) return `SKIPPED, for it needs ${GROUP_SERVER}`;
  console.log(`\n== ${kind}`);
  const args = ['exec', '--', 'vitest', 'run', '--project', 'cluster', ...process.argv.slice(2)];
  const { status } = spawnSync('npm', args, { cwd: root, stdio: 'inherit', env: { ...process.env, CLUSTER: kind } });
  return status === 0 ? 'passed' : 'FAILED';
}

const results = (asked ? [asked] : KINDS).map((kind) => /** @type {const} */ ([kind, run(kind)]));
console.log();
for (const [kind, result] of results) console.log(`${kind}: ${result}`);
// One that was asked for by its name and cannot run has not passed.
if (results.some(([, result]) => result === 'FAILED' || (asked && result !== 'passed'))) process.exitCode = 1;
