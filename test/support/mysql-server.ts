import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createConnection } from 'mysql2/promise';
import type { TestProject } from 'vitest/node';
import { findProgram, installDebianPackages } from './debian.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** Server on which tests make databases of their own; its user may create them. Absent: the embedded store is tested. */
    mysqlUrl?: string;
  }
}

const IMAGE = 'mysql:8.4';

/** Global setup: brings a MySQL-protocol server and takes it away again. */
export default async function setup(project: TestProject): Promise<() => void> {
  const { url, stop } = await server();
  project.provide('mysqlUrl', url);
  const connection = await createConnection(url);
  const [rows] = await connection.query('SELECT VERSION() AS version');
  await connection.end();
  console.log(`MySQL-protocol server: ${(rows as { version: string }[])[0]?.version ?? 'unknown'}`);
  return stop;
}

interface Server {
  readonly url: string;
  readonly stop: () => void;
}

async function server(): Promise<Server> {
  const given = process.env['TEST_DATABASE_URL'];
  if (given) return { url: given, stop: () => undefined };
  const mysqld = findServer() ?? installed();
  if (mysqld) return privateServer(mysqld);
  if (spawnSync('docker', ['info'], { stdio: 'ignore' }).status === 0) return container();
  throw new Error('test:mysql needs TEST_DATABASE_URL, or mysqld or mariadbd on the PATH, or Docker');
}

/** A server program, with what it takes to make its data folder. */
function findServer(): string | undefined {
  const server = findProgram('mysqld', 'mariadbd');
  const complete =
    server && (!isMariaDb(server) || (findProgram('mariadb-install-db') && findProgram('my_print_defaults')));
  return complete ? server : undefined;
}

/** MariaDB's packages bring a `mysqld` too. */
function isMariaDb(server: string): boolean {
  return spawnSync(server, ['--version'], { encoding: 'utf8' }).stdout.includes('MariaDB');
}

/** The cores of the distribution's MariaDB alone: its full package would start a service of its own. */
function installed(): string | undefined {
  const works =
    installDebianPackages('mariadb-server-core', 'mariadb-client-core') || installDebianPackages('mariadb-server');
  return works ? findServer() : undefined;
}

/** A server of our own, on a free port and in a temporary folder. */
async function privateServer(mysqld: string): Promise<Server> {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-mysql-'));
  const data = join(folder, 'data');
  const password = randomBytes(12).toString('hex');
  const port = await freePort();
  const initFile = join(folder, 'init.sql');
  writeFileSync(
    initFile,
    `CREATE USER 'latchkey'@'127.0.0.1' IDENTIFIED BY '${password}';\nGRANT ALL ON *.* TO 'latchkey'@'127.0.0.1';\n` +
      `CREATE USER 'latchkey'@'localhost' IDENTIFIED BY '${password}';\nGRANT ALL ON *.* TO 'latchkey'@'localhost';\n`,
  );
  const user = process.getuid?.() === 0 ? ['--user=root'] : [];
  initialize(mysqld, data, user);
  const log = join(folder, 'server.log');
  const child = spawn(
    mysqld,
    [
      '--no-defaults',
      ...user,
      `--datadir=${data}`,
      `--port=${port}`,
      '--bind-address=127.0.0.1',
      `--socket=${join(folder, 'socket')}`,
      `--pid-file=${join(folder, 'pid')}`,
      `--init-file=${initFile}`,
      '--loose-mysqlx=OFF',
    ],
    { stdio: ['ignore', openSync(log, 'a'), openSync(log, 'a')] },
  );
  const url = `mysql://latchkey:${password}@127.0.0.1:${port}/mysql`;
  const stop = () => {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  };
  process.once('exit', stop);
  await answering(url, child, () => readFileSync(log, 'utf8').slice(-2000));
  return { url, stop };
}

function initialize(mysqld: string, data: string, user: string[]): void {
  const common = ['--no-defaults', ...user, `--datadir=${data}`];
  const [command, args] = isMariaDb(mysqld)
    ? ['mariadb-install-db', [...common, '--auth-root-authentication-method=normal', '--skip-test-db']]
    : [mysqld, [...common, '--initialize-insecure']];
  const result = spawnSync(findProgram(command) ?? command, args, { encoding: 'utf8', cwd: dirname(data) });
  if (result.status !== 0) throw new Error(`${command}: ${result.stderr || result.stdout}`);
}

/** The official image, where Docker answers. */
async function container(): Promise<Server> {
  const password = randomBytes(12).toString('hex');
  const port = await freePort();
  const run = [
    'run',
    '--detach',
    '--rm',
    '--publish',
    `127.0.0.1:${port}:3306`,
    '--env',
    `MYSQL_ROOT_PASSWORD=${password}`,
    IMAGE,
  ];
  const { status, stdout, stderr } = spawnSync('docker', run, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`docker: ${stderr}`);
  const url = `mysql://root:${password}@127.0.0.1:${port}/mysql`;
  await answering(url);
  return { url, stop: () => spawnSync('docker', ['kill', stdout.trim()], { stdio: 'ignore' }) };
}

async function answering(url: string, child?: ChildProcess, log: () => string = () => ''): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt++) {
    if (child && child.exitCode !== null) break;
    try {
      await (await createConnection(url)).end();
      return;
    } catch {
      await sleep(200);
    }
  }
  throw new Error(`the database server does not answer\n${log()}`);
}

async function freePort(): Promise<number> {
  const listener = createServer();
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const { port } = listener.address() as AddressInfo;
  await new Promise((resolve) => listener.close(resolve));
  return port;
}
