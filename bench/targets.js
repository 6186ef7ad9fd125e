// The targets: processes that serve the same routes over the same database server.
import { spawn } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createConnection } from 'mysql2/promise';
import { root } from '../scripts/prepare.js';
import manifest from '../package.json' with { type: 'json' };
import { isPeerAvailable, startPeer } from './peer/peer.js';

/**
 * @typedef {object} Running
 * @property {string} url
 * @property {number} pid
 * @property {() => Promise<void>} stop
 * @property {number} [readyMs] milliseconds from the start of the process until it served
 *
 * @typedef {object} Target
 * @property {string} name limit, latchkey or peer, unless an experiment compares others
 * @property {(env?: Record<string, string>) => Promise<Running>} start
 */

/** The arguments of `npm run start:prod`. */
const PRODUCTION = manifest.scripts['start:prod'].split(' ').slice(1);

/** Cheap hashes, for sessions that a measurement needs but does not measure. */
export const CHEAP = { ARGON2_MEMORY_KIB: '1024', ARGON2_TIME_COST: '1' };

/**
 * Creates a database on the server.
 * @param {string} serverUrl
 * @param {string} name
 * @returns {Promise<string>} its URL
 */
export async function createDatabase(serverUrl, name) {
  const connection = await createConnection(serverUrl);
  await connection.query(`CREATE DATABASE ${name}`);
  await connection.end();
  return Object.assign(new URL(serverUrl), { pathname: name }).href;
}

/**
 * Starts targets one after the other, Latchkey first, since the limit uses its tables.
 * @param {Target[]} targets
 * @param {Record<string, string>} [env]
 * @returns {Promise<(Running & { target: Target })[]>}
 */
export async function startAll(targets, env) {
  const running = [];
  try {
    for (const target of targets) running.push({ target, ...(await target.start(env)) });
  } catch (error) {
    for (const { stop } of running) await stop();
    throw error;
  }
  return running;
}

/**
 * Returns the bundled service as a target. It runs as `npm run start:prod` does, with its log in a
 * file.
 * @param {string} databaseUrl
 * @param {{ nodeOptions?: string[], folder?: string }} [build] Node's options, and the folder of
 * the checkout
 * @returns {Target & { env: Record<string, string> }} with the settings that it has
 */
export function latchkey(databaseUrl, { nodeOptions = [], folder = root } = {}) {
  const env = {
    ...{ DATABASE_URL: databaseUrl, AUTH_SECRET: randomBytes(32).toString('hex'), PORT: '0' },
    // The load generator sends the addresses of its clients.
    ...{ TRUST_PROXY: '127.0.0.1' },
    // Longer than a run.
    ACCESS_TOKEN_TTL: '14400',
  };
  const start = (more = {}) => startNode([...nodeOptions, ...PRODUCTION], { ...env, ...more }, folder);
  return { name: 'latchkey', env, start };
}

/**
 * Returns the limit as a target. It uses the tables of Latchkey in the same database.
 * @param {string} databaseUrl
 * @returns {Target}
 */
export function limit(databaseUrl) {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const keys = {
    LIMIT_PRIVATE_KEY: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    LIMIT_SECRET_KEY: randomBytes(32).toString('hex'),
  };
  return {
    name: 'limit',
    start: (env = {}) => startNode(['bench/limit/server.js'], { DATABASE_URL: databaseUrl, ...keys, ...env }),
  };
}

/**
 * Returns the peer as a target.
 * @param {string} databaseUrl
 * @returns {Target | undefined} undefined if its packages cannot be installed
 */
export function peer(databaseUrl) {
  if (!isPeerAvailable()) return undefined;
  const key = randomBytes(32).toString('hex');
  return { name: 'peer', start: (env = {}) => startPeer(databaseUrl, { SECRET_KEY: key, ...env }) };
}

/**
 * Starts a Node program with its output in a file, and waits for the line that has its address.
 * @param {string[]} args
 * @param {Record<string, string>} env
 * @param {string} [cwd] the folder of its checkout
 * @returns {Promise<Running>}
 */
export async function startNode(args, env, cwd = root) {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-bench-'));
  const log = join(folder, 'log');
  const startedAt = performance.now();
  const child = spawn(process.execPath, args, {
    cwd,
    env: { PATH: process.env['PATH'] ?? '', NODE_ENV: 'production', ...env },
    stdio: ['ignore', openSync(log, 'a'), 'inherit'],
  });
  const onExit = () => child.kill('SIGKILL');
  process.once('exit', onExit);
  const exited = once(child, 'exit');
  const stop = async () => {
    process.off('exit', onExit);
    child.kill('SIGTERM');
    await exited;
    rmSync(folder, { recursive: true });
  };
  while (child.exitCode === null) {
    const line = readFileSync(log, 'utf8')
      .split('\n')
      .find((text) => text.includes('"msg":"ready"'));
    const readyMs = performance.now() - startedAt;
    if (line) return { url: JSON.parse(line).url, pid: /** @type {number} */ (child.pid), stop, readyMs };
    await sleep(5);
  }
  throw new Error(`${args.join(' ')} has ended`);
}
