// `npm run bench`: measures, prints tables, and writes them and their charts to bench/results/.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { build, install, root } from '../scripts/prepare.js';
import { readOptions, USAGE } from './options.js';

/**
 * The input of an experiment.
 * @typedef {object} Setting
 * @property {string} serverUrl a database server's, whose user may create databases
 * @property {import('./options.js').Options} options
 * @property {(text: string) => void} progress prints a line
 * @property {string} results the folder of results
 */

process.chdir(root);
const options = optionsOrExit();
install();
build();
await main(options);

/**
 * Runs the experiments. Imports packages late, after install().
 * @param {import('./options.js').Options} options
 */
async function main(options) {
  const { startDatabaseServer } = await import('../scripts/database-server.js');
  const { measured, publish } = await import('./report.js');
  const results = join(root, 'bench/results');
  mkdirSync(results, { recursive: true });
  const server = await startDatabaseServer();
  try {
    const subject = await measured(server.url, options);
    for (const mode of options.modes) {
      const { [mode]: experiment } = await import(`./${mode}.js`);
      const data = await experiment({ serverUrl: server.url, options, progress, results });
      await publish(mode, subject, data, results);
    }
  } finally {
    server.stop();
  }
  // Ends in spite of open handles of the database client and of child processes.
  process.exit();
}

function optionsOrExit() {
  try {
    const given = readOptions(process.argv.slice(2));
    if (given) return given;
    console.log(USAGE);
    process.exit(0);
  } catch (error) {
    console.error(`${/** @type {Error} */ (error).message}\n\n${USAGE}`);
    process.exit(2);
  }
}

/** @param {string} text */
function progress(text) {
  console.error(`${new Date().toISOString().slice(11, 19)} ${text}`);
}
