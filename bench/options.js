// The options of `npm run bench`.
import { parseArgs } from 'node:util';

/**
 * @typedef {'routes' | 'growth' | 'storm' | 'flood' | 'footprint' | 'workers' | 'profile' |
 *   'against'} Mode
 */

/**
 * An undefined option means the default of each experiment.
 * @typedef {object} Options
 * @property {Mode[]} modes
 * @property {string[] | undefined} only works
 * @property {number[] | undefined} connections
 * @property {number | undefined} rounds
 * @property {number | undefined} seconds of one load
 * @property {string | undefined} against folder of another checkout, built
 * @property {boolean} peer whether to measure the peer
 * @property {number} rows accounts and sessions of the large tables
 * @property {number} requests over which memory is measured
 */

export const USAGE = `npm run bench -- [options]

Without a mode: the table of routes, then --storm, --flood, --footprint and --workers.

  --growth             one thousand against ten million accounts and sessions
  --storm              verify and refresh while 400 clients log in
  --flood              verify and refresh while 400 connections guess passwords
  --footprint          start-up time and resident memory
  --workers            one and two workers
  --profile            a flame graph of one work
  --against FOLDER     this checkout and another one in turn; build the other one first

  --only WORK,...      works to measure; without a mode, the table of routes alone
  --connections N,...  connections at once (1,16,64)
  --rounds N           rounds, of which the medians are taken (5)
  --seconds N          seconds of one load (2; storm and profile 10)
  --no-peer            without the peer
  --rows N             rows of the large tables of --growth (10000000)
  --requests N         requests of --footprint (1000000)
  --help               this text`;

/** @type {Mode[]} */
const WITHOUT_MODE = ['routes', 'storm', 'flood', 'footprint', 'workers'];

/**
 * Reads the arguments of the command.
 * @param {string[]} args
 * @returns {Options | undefined} undefined when the user asks for help
 * @throws Error for invalid arguments
 */
export function readOptions(args) {
  const { values } = parseArgs({
    args,
    options: {
      growth: { type: 'boolean' },
      storm: { type: 'boolean' },
      flood: { type: 'boolean' },
      footprint: { type: 'boolean' },
      workers: { type: 'boolean' },
      profile: { type: 'boolean' },
      against: { type: 'string' },
      only: { type: 'string' },
      connections: { type: 'string' },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      'no-peer': { type: 'boolean' },
      rows: { type: 'string', default: '10000000' },
      requests: { type: 'string', default: '1000000' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) return undefined;
  const { only, connections, rounds, seconds } = values;
  const named = /** @type {const} */ ([
    'growth',
    'storm',
    'flood',
    'footprint',
    'workers',
    'profile',
    'against',
  ]).filter((mode) => values[mode]);
  return {
    modes: named.length > 0 ? named : only === undefined ? WITHOUT_MODE : ['routes'],
    only: only?.split(','),
    connections: connections?.split(',').map((text) => whole('connections', text)),
    rounds: rounds === undefined ? undefined : whole('rounds', rounds),
    seconds: seconds === undefined ? undefined : whole('seconds', seconds),
    against: values.against,
    peer: !values['no-peer'],
    rows: whole('rows', values.rows),
    requests: whole('requests', values.requests),
  };
}

/** @param {string} name @param {string} text */
function whole(name, text) {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new Error(`--${name}: must be whole numbers from 1`);
  return Number(text);
}
