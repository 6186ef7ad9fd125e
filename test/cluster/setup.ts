import { existsSync, mkdirSync, mkdtempSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import { findProgram, installDebianPackages, unpackDebianPackage } from '../../scripts/debian.js';
import { findGroupServer, GROUP_SERVER } from '../../scripts/group-server.js';
import { clusterOf } from './kinds.js';
import { type ClusterSpec, type Kind, KINDS } from './node.js';
import { fixedPorts } from './ports.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** The cluster of this run. */
    cluster: ClusterSpec;
    /** Path of the HAProxy program. */
    haproxy: string;
  }
}

type Programs = Pick<ClusterSpec, 'server' | 'path'>;

const PROVIDER = '/usr/lib/galera/libgalera_smm.so';
const CACHE = fileURLToPath(new URL('../../node_modules/.cache/latchkey-galera', import.meta.url));

/**
 * Starts a cluster of the kind in CLUSTER before all tests, and stops it after them. Uses installed
 * programs, or installs them from the distribution.
 */
export default async function setup(project: TestProject): Promise<() => void> {
  const asked = process.env['CLUSTER'] ?? 'galera';
  const kind = KINDS.find((each) => each === asked);
  if (!kind) throw new Error(`CLUSTER must be one of ${KINDS.join(', ')}`);
  const cluster = clusterOf({
    kind,
    ...programs(kind),
    folder: mkdtempSync(join(tmpdir(), 'latchkey-cluster-')),
    ports: await fixedPorts(12),
    password: randomBytes(12).toString('hex'),
  });
  const stop = () => {
    cluster.stop();
  };
  process.once('exit', stop);
  project.provide('haproxy', haproxy());
  await cluster.begin();
  project.provide('cluster', cluster.spec);
  return stop;
}

function programs(kind: Kind): Programs {
  const path = [process.env['PATH'], '/usr/sbin'].join(':');
  if (kind === 'galera') return galeraPrograms(path);
  const server = findGroupServer();
  if (!server) throw new Error(`CLUSTER=${kind} needs ${GROUP_SERVER}`);
  return { server, path };
}

function galeraPrograms(path: string): Programs {
  const names = ['mariadbd', 'mariadb-install-db', 'my_print_defaults', 'mariadb-backup', 'socat', 'ss'];
  const isComplete = existsSync(PROVIDER) && names.every((name) => findProgram(name));
  if (!isComplete)
    installDebianPackages(
      ...['mariadb-server-core', 'mariadb-client-core', 'galera-4', 'mariadb-backup', 'socat', 'iproute2'],
    );
  const server = findProgram('mariadbd');
  const transfer = findProgram('wsrep_sst_mariabackup') ? '' : transferPrograms();
  if (!server || transfer === undefined || !existsSync(PROVIDER))
    throw new Error('CLUSTER=galera needs MariaDB, galera-4, mariadb-backup and socat, or Debian and root');
  return { server, path: [transfer, path].filter(Boolean).join(':') };
}

function haproxy(): string {
  if (!findProgram('haproxy')) installDebianPackages('haproxy');
  const found = findProgram('haproxy');
  if (!found) throw new Error('test:cluster needs haproxy, or Debian and root');
  return found;
}

/** Unpacks the package of the full server. Installing it would start a system service. */
function transferPrograms(): string | undefined {
  const folder = join(CACHE, 'usr/bin');
  mkdirSync(CACHE, { recursive: true });
  const isThere = existsSync(join(folder, 'wsrep_sst_mariabackup'));
  return isThere || unpackDebianPackage('mariadb-server', CACHE) ? folder : undefined;
}
