import { mkdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { ConnectionOptions } from 'mysql2/promise';
import { initialize } from '../../scripts/database-server.js';
import { Cluster } from './cluster.js';
import { ClusterNode, type Launch } from './node.js';

const deployed = (path: string) => fileURLToPath(new URL(`../../deploy/${path}`, import.meta.url));
const CONFIG = deployed('galera/galera.cnf');
const START = deployed('galera/start.sh');
const CHECK_USER = deployed('galera/check-user.sql');

/** The deployed options. The command line repeats them, since it replaces all of them at once. */
const PROVIDER_OPTIONS = /^wsrep_provider_options = "(.*)"$/m.exec(readFileSync(CONFIG, 'utf8'))![1]!;

/** The deployed rights of the user that transfers the data to a new node. */
const TRANSFER_RIGHTS = /GRANTS: (.*)/.exec(readFileSync(deployed('compose.yaml'), 'utf8'))![1]!;

class GaleraNode extends ClusterNode {
  async status(name: string): Promise<string> {
    const [row] = await this.query('SHOW STATUS LIKE ?', [name]);
    return String(row?.['Value']);
  }

  async isAlone(): Promise<boolean> {
    return (await this.status('wsrep_cluster_status')) !== 'Primary';
  }

  protected async isSynced(): Promise<boolean> {
    return (await this.status('wsrep_local_state_comment')) === 'Synced';
  }

  protected launch(): Launch {
    const { server, folder } = this.spec;
    return {
      command: ['sh', START, server, `--defaults-file=${CONFIG}`, ...this.options()],
      env: { GALERA_DATA: this.data, GALERA_SHARED: folder },
    };
  }

  protected administrator(): ConnectionOptions {
    return { user: 'root', socketPath: this.path('socket') };
  }

  private options(): string[] {
    return [
      ...this.commonOptions(),
      `--wsrep-node-name=${this.name}`,
      `--wsrep-node-address=${this.at(1)}`,
      `--wsrep-cluster-address=gcomm://${[0, 1, 2].map((index) => this.at(1, index)).join(',')}`,
      `--wsrep-provider-options=${PROVIDER_OPTIONS};gmcast.listen_addr=tcp://${this.at(1)};ist.recv_addr=${this.at(2)}`,
      `--wsrep-sst-receive-address=${this.at(3)}`,
    ];
  }
}

/** Runs MariaDB with Galera. */
export class GaleraCluster extends Cluster<GaleraNode> {
  readonly nodes = [new GaleraNode(this.spec, 0), new GaleraNode(this.spec, 1), new GaleraNode(this.spec, 2)] as const;
  readonly haproxyConfig = 'galera.cfg';
  readonly takesWritesEverywhere = true;
  protected readonly upToDate = 'SET SESSION wsrep_sync_wait = 1';

  /** Creates the data of the first node, and lets the other nodes copy it. */
  async begin(): Promise<void> {
    const [first, ...others] = this.nodes;
    mkdirSync(first.data, { recursive: true });
    initialize(this.spec.server, first.data);
    first.start();
    await first.synced();
    await first.query(`
      CREATE USER 'latchkey'@'127.0.0.1' IDENTIFIED BY '${this.spec.password}'; GRANT ALL ON *.* TO 'latchkey'@'127.0.0.1';
      CREATE USER 'mysql'@'localhost'; GRANT ${TRANSFER_RIGHTS} ON *.* TO 'mysql'@'localhost';
      ${readFileSync(CHECK_USER, 'utf8')}`);
    for (const node of others) {
      node.start();
      await node.synced();
    }
  }

  async recovered(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.synced()));
  }

  async conflicts(): Promise<number> {
    const names = ['wsrep_local_cert_failures', 'wsrep_local_bf_aborts'];
    const counts = this.nodes.flatMap((node) => names.map(async (name) => Number(await node.status(name))));
    return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
  }

  entrances(): Promise<readonly GaleraNode[]> {
    return Promise.resolve(this.nodes);
  }

  protected writer(): Promise<GaleraNode> {
    return Promise.resolve(this.nodes[0]);
  }
}
