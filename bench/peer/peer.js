// The peer: Simple JWT on Django REST framework behind gunicorn, as Debian packages them.
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createConnection } from 'mysql2/promise';
import { freePort } from '../../scripts/database-server.js';
import { installDebianPackages } from '../../scripts/debian.js';

/** The system's Python. Another one on the PATH would not see Debian's packages. */
const PYTHON = '/usr/bin/python3';

const MODULES = ['django', 'rest_framework', 'rest_framework_simplejwt', 'argon2', 'MySQLdb', 'gunicorn'];
const PACKAGES = [
  'python3-django',
  'python3-djangorestframework',
  'python3-djangorestframework-simplejwt',
  'python3-argon2',
  'python3-mysqldb',
  'python3-gunicorn',
];

const WORKERS = 3;
/** How long a stop waits for open requests, in seconds. */
const GRACE = 3;

/** Makes the modules of the working directory importable. */
const cwd = fileURLToPath(new URL('.', import.meta.url));

/**
 * Installs the packages of the peer.
 * @returns {boolean} whether this machine has them now
 */
export function isPeerAvailable() {
  const works = () => spawnSync(PYTHON, ['-c', `import ${MODULES.join(', ')}`], { stdio: 'ignore' }).status === 0;
  return works() || (installDebianPackages(...PACKAGES) && works());
}

/**
 * Starts the peer.
 * @param {string} databaseUrl an existing database
 * @param {Record<string, string>} given SECRET_KEY, and ARGON2_* for its hasher
 * @returns {Promise<{ url: string, pid: number, stop: () => Promise<void> }>}
 */
export async function startPeer(databaseUrl, given) {
  const env = {
    SECRET_KEY: randomBytes(48).toString('base64'),
    ...process.env,
    ...given,
    DATABASE_URL: databaseUrl,
    DJANGO_SETTINGS_MODULE: 'settings',
    PYTHONDONTWRITEBYTECODE: '1',
  };
  await migrate(databaseUrl, env);
  const port = await freePort();
  const child = spawn(
    PYTHON,
    [
      ...['-m', 'gunicorn', 'django.core.wsgi:get_wsgi_application()', '--bind', `127.0.0.1:${port}`],
      // The default workers close each connection after its answer.
      ...['--workers', `${WORKERS}`, '--worker-class', 'gthread', '--threads', '4', '--keep-alive', '60'],
      ...['--graceful-timeout', `${GRACE}`, '--log-level', 'warning'],
    ],
    { env, cwd, stdio: ['ignore', 'ignore', 'inherit'] },
  );
  await once(child, 'spawn');
  const onExit = () => child.kill();
  process.once('exit', onExit);
  const stop = async () => {
    process.off('exit', onExit);
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill();
    await ended;
  };
  const url = `http://127.0.0.1:${port}`;
  const pid = /** @type {number} */ (child.pid);
  if (await answers(`${url}/auth/getuser`, pid)) return { url, pid, stop };
  await stop();
  throw new Error('the peer does not answer');
}

/**
 * @param {string} databaseUrl
 * @param {NodeJS.ProcessEnv} env
 */
async function migrate(databaseUrl, env) {
  // Django leaves the character set of tables to the database, whose default may be latin1.
  const connection = await createConnection(databaseUrl);
  await connection.query('ALTER DATABASE CHARACTER SET utf8mb4');
  await connection.end();
  const args = ['-m', 'django', 'migrate', '--no-input', '--verbosity', '0'];
  const { status } = spawnSync(PYTHON, args, { env, cwd, stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) throw new Error("the peer's migrations failed");
}

/**
 * Waits until all workers run and the peer answers. A refusal is an answer.
 * @param {string} url
 * @param {number} pid
 */
async function answers(url, pid) {
  for (let attempt = 0; attempt < 100; attempt++) {
    await sleep(200);
    try {
      await (await fetch(url)).arrayBuffer();
      if (workersOf(pid).length === WORKERS) return true;
    } catch {
      // The peer does not listen yet.
    }
  }
  return false;
}

/** @param {number} pid */
function workersOf(pid) {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
}
