import { existsSync, mkdirSync, mkdtempSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import { findOrInstallServer } from '../../scripts/database-server.js';
import { findProgram, installDebianPackages, unpackDebianPackage } from '../../scripts/debian.js';
import { type ClusterSpec, GaleraCluster } from './galera.js';
import { fixedPorts } from './ports.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** The cluster of this run. */
    cluster: ClusterSpec;
    /** Path of an HAProxy. */
    haproxy: string;
  }
}

const PROVIDER = '/usr/lib/galera/libgalera_smm.so';
const CACHE = fileURLToPath(new URL('../../node_modules/.cache/latchkey-galera', import.meta.url));

/** Global setup: brings a cluster up, from programs of this machine or the distribution's, and takes it away again. */
export default async function setup(project: TestProject): Promise<() => void> {
  const cluster = new GaleraCluster({
    ...programs(project),
    folder: mkdtempSync(join(tmpdir(), 'latchkey-galera-')),
    ports: await fixedPorts(12),
    password: randomBytes(12).toString('hex'),
  });
  const stop = () => {
    cluster.stop();
  };
  process.once('exit', stop);
  await cluster.begin();
  project.provide('cluster', cluster.spec);
  return stop;
}

function programs(project: TestProject): Pick<ClusterSpec, 'mariadbd' | 'path'> {
  const isComplete =
    existsSync(PROVIDER) && ['haproxy', 'mariadb-backup', 'socat', 'ss'].every((name) => findProgram(name));
  if (!isComplete) installDebianPackages('galera-4', 'haproxy', 'mariadb-backup', 'socat', 'iproute2');
  const mariadbd = findOrInstallServer() && findProgram('mariadbd');
  const haproxy = findProgram('haproxy');
  const transfer = findProgram('wsrep_sst_mariabackup') ? '' : transferPrograms();
  if (!mariadbd || !haproxy || transfer === undefined || !existsSync(PROVIDER))
    throw new Error('test:cluster needs MariaDB, galera-4, mariadb-backup, socat and haproxy, or Debian and root');
  project.provide('haproxy', haproxy);
  return { mariadbd, path: [transfer, process.env['PATH'], '/usr/sbin'].filter(Boolean).join(':') };
}

/** They are in the package of the full server, which is unpacked only: installed, it would start a service of its own. */
function transferPrograms(): string | undefined {
  const folder = join(CACHE, 'usr/bin');
  mkdirSync(CACHE, { recursive: true });
  const isThere = existsSync(join(folder, 'wsrep_sst_mariabackup'));
  return isThere || unpackDebianPackage('mariadb-server', CACHE) ? folder : undefined;
}
