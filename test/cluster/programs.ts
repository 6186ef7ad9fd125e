import { existsSync, mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { findOrInstallServer } from '../../scripts/database-server.js';
import { findProgram, installDebianPackages, unpackDebianPackage } from '../../scripts/debian.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** What a cluster on this machine is made of. */
    cluster: {
      readonly mariadbd: string;
      readonly haproxy: string;
      /** A PATH with the programs that bring a node its data. */ readonly path: string;
    };
  }
}

const PROVIDER = '/usr/lib/galera/libgalera_smm.so';
const CACHE = fileURLToPath(new URL('../../node_modules/.cache/latchkey-galera', import.meta.url));

/** Global setup: finds MariaDB, Galera and HAProxy, or installs the distribution's. */
export default function setup(project: TestProject): void {
  const complete =
    existsSync(PROVIDER) && findProgram('haproxy') && findProgram('mariadb-backup') && findProgram('socat');
  if (!complete) installDebianPackages('galera-4', 'haproxy', 'mariadb-backup', 'socat', 'iproute2', 'lsof');
  const mariadbd = findOrInstallServer() && findProgram('mariadbd');
  const haproxy = findProgram('haproxy');
  const transfer = findProgram('wsrep_sst_mariabackup') ? '' : transferPrograms();
  if (!mariadbd || !haproxy || transfer === undefined || !existsSync(PROVIDER))
    throw new Error('test:cluster needs mariadbd, galera-4, mariadb-backup, socat and haproxy, or Debian and root');
  project.provide('cluster', {
    mariadbd,
    haproxy,
    path: [transfer, process.env['PATH'], '/usr/sbin'].filter(Boolean).join(':'),
  });
}

/** They are in the package of the full server, which is unpacked only: installed, it would start a service of its own. */
function transferPrograms(): string | undefined {
  const folder = join(CACHE, 'usr/bin');
  mkdirSync(CACHE, { recursive: true });
  const isThere = existsSync(join(folder, 'wsrep_sst_mariabackup'));
  return isThere || unpackDebianPackage('mariadb-server', CACHE) ? folder : undefined;
}
