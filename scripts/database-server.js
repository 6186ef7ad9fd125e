import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createConnection } from 'mysql2/promise';
import { findProgram, installDebianPackages } from './debian.js';

const IMAGE = 'mysql:8.4';

/**
 * @typedef {object} DatabaseServer
 * @property {string} url of a user who may create databases
 * @property {() => void} stop
 * @property {(signal: NodeJS.Signals) => void} signal signals the server process; not for a
 *   container
 * @property {() => Promise<void>} restart restarts a killed server over its data; not for a
 *   container
 */

/**
 * Starts a MySQL-protocol server with empty data: a program of this machine, the distribution's
 * package, or a container.
 * @param {string[]} options further options of the server program; not for a container
 * @param {string} parent the folder for its temporary folder; not for a container
 * @returns {Promise<DatabaseServer>}
 */
export async function startDatabaseServer(options = [], parent = tmpdir()) {
  const mysqld = findServer() ?? installServer();
  if (mysqld) return privateServer(mysqld, options, parent);
  if (spawnSync('docker', ['info'], { stdio: 'ignore' }).status === 0) return container();
  throw new Error('tests on MySQL need a database server: mysqld or mariadbd on the PATH, or Docker');
}

/** Returns a free port of the loopback interface. */
export async function freePort() {
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (listener.address());
  listener.close();
  await once(listener, 'close');
  return port;
}

/** Finds a server program whose machine also has the programs that make a data folder. */
function findServer() {
  const server = findProgram('mysqld', 'mariadbd');
  const isComplete =
    server && (!isMariaDb(server) || (findProgram('mariadb-install-db') && findProgram('my_print_defaults')));
  return isComplete ? server : undefined;
}

/**
 * Tells whether a server program is MariaDB, whose packages have a `mysqld` too.
 * @param {string} server
 */
function isMariaDb(server) {
  return spawnSync(server, ['--version'], { encoding: 'utf8' }).stdout.includes('MariaDB');
}

/** Installs MariaDB's core packages. The full package would start a service. */
function installServer() {
  const isInstalled =
    installDebianPackages('mariadb-server-core', 'mariadb-client-core') || installDebianPackages('mariadb-server');
  return isInstalled ? findServer() : undefined;
}

/**
 * Starts a server on a free port, in a temporary folder.
 * @param {string} mysqld
 * @param {string[]} options
 * @param {string} parent
 * @returns {Promise<DatabaseServer>}
 */
async function privateServer(mysqld, options, parent) {
  const folder = mkdtempSync(join(parent, 'latchkey-mysql-'));
  const data = join(folder, 'data');
  const password = randomBytes(12).toString('hex');
  const port = await freePort();
  const initFile = join(folder, 'init.sql');
  writeFileSync(
    initFile,
    `CREATE USER 'latchkey'@'127.0.0.1' IDENTIFIED BY '${password}';\nGRANT ALL ON *.* TO 'latchkey'@'127.0.0.1' WITH GRANT OPTION;\n` +
      `CREATE USER 'latchkey'@'localhost' IDENTIFIED BY '${password}';\nGRANT ALL ON *.* TO 'latchkey'@'localhost' WITH GRANT OPTION;\n`,
  );
  initialize(mysqld, data);
  const log = join(folder, 'server.log');
  const run = (/** @type {string[]} */ ...more) =>
    spawn(
      mysqld,
      [
        '--no-defaults',
        ...ownUser,
        `--datadir=${data}`,
        // A server that starts removes all temporary tables in its folder.
        `--tmpdir=${folder}`,
        `--port=${port}`,
        '--bind-address=127.0.0.1',
        `--socket=${join(folder, 'socket')}`,
        `--pid-file=${join(folder, 'pid')}`,
        '--loose-mysqlx=OFF',
        ...more,
        ...options,
      ],
      { stdio: ['ignore', openSync(log, 'a'), openSync(log, 'a')] },
    );
  let child = run(`--init-file=${initFile}`);
  const url = `mysql://latchkey:${password}@127.0.0.1:${port}/mysql`;
  const isUp = () => waitUntilUp(url, child, () => readFileSync(log, 'utf8').slice(-2000));
  const stop = () => {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  };
  process.once('exit', stop);
  await isUp();
  return {
    url,
    stop,
    signal: (signal) => void child.kill(signal),
    restart: async () => {
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      child = run();
      await isUp();
    },
  };
}

/** Options for a server of root, which runs as root only when told so. */
export const ownUser = process.getuid?.() === 0 ? ['--user=root'] : [];

/**
 * Makes an empty data folder. Its user `root` may log in from this machine without a password.
 * @param {string} mysqld
 * @param {string} data
 */
export function initialize(mysqld, data) {
  const common = ['--no-defaults', ...ownUser, `--datadir=${data}`, `--tmpdir=${dirname(data)}`];
  const isMaria = isMariaDb(mysqld);
  const command = isMaria ? (findProgram('mariadb-install-db') ?? 'mariadb-install-db') : mysqld;
  const own = isMaria ? ['--auth-root-authentication-method=normal', '--skip-test-db'] : ['--initialize-insecure'];
  const result = spawnSync(command, [...common, ...own], { encoding: 'utf8', cwd: dirname(data) });
  if (result.status !== 0) throw new Error(`${command}: ${result.stderr || result.stdout}`);
}

/** Starts the official image in Docker. */
async function container() {
  const password = randomBytes(12).toString('hex');
  const port = await freePort();
  const publish = `127.0.0.1:${port}:3306`;
  const env = `MYSQL_ROOT_PASSWORD=${password}`;
  const run = ['run', '--detach', '--rm', '--publish', publish, '--env', env, IMAGE];
  const { status, stdout, stderr } = spawnSync('docker', run, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`docker: ${stderr}`);
  const url = `mysql://root:${password}@127.0.0.1:${port}/mysql`;
  await waitUntilUp(url);
  const cannot = () => {
    throw new Error('this machine cannot signal the server in a container');
  };
  const stop = () => void spawnSync('docker', ['kill', stdout.trim()], { stdio: 'ignore' });
  return { url, stop, signal: cannot, restart: cannot };
}

/**
 * Waits until the server answers, for 60 s at most.
 * @param {string} url
 * @param {import('node:child_process').ChildProcess} [child]
 * @param {() => string} log
 */
async function waitUntilUp(url, child, log = () => '') {
  for (let attempt = 0; attempt < 1200; attempt++) {
    if (child && (child.exitCode !== null || child.signalCode !== null)) break;
    try {
      await (await createConnection(url)).end();
      return;
    } catch {
      await sleep(50);
    }
  }
  throw new Error(`the database server does not answer\n${log()}`);
}
