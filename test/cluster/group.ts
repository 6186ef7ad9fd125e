import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { ConnectionOptions } from 'mysql2/promise';
import { Cluster, type Entrance } from './cluster.js';
import { ClusterNode, type Launch } from './node.js';

const deployed = (path: string) => fileURLToPath(new URL(`../../deploy/group-replication/${path}`, import.meta.url));
const CONFIG = deployed('group.cnf');
const START = deployed('start.sh');
const USERS = deployed('users.sql');

/** Restarts the server whenever it ends, like the container in `deploy/`. */
const RESTARTING = 'while :; do sh "$@" || :; sleep 1; done';

const MEMBERS = 'performance_schema.replication_group_members';
const OWN = `SELECT MEMBER_STATE AS state, MEMBER_ROLE AS role FROM ${MEMBERS} WHERE MEMBER_ID = @@server_uuid`;
const REACHED = `SELECT SUM(MEMBER_STATE = 'ONLINE') * 2 > COUNT(*) AS isMajority FROM ${MEMBERS}`;
/** Includes received transactions: a killed node commits those only when it joins again. */
const KNOWN = `CONCAT_WS(',', NULLIF(@@GLOBAL.gtid_executed, ''),
  NULLIF((SELECT RECEIVED_TRANSACTION_SET FROM performance_schema.replication_connection_status WHERE CHANNEL_NAME = 'group_replication_applier'), ''))`;
const CONFLICTS = 'SELECT SUM(COUNT_CONFLICTS_DETECTED) AS sum FROM performance_schema.replication_group_member_stats';

class GroupNode extends ClusterNode {
  async isPrimary(): Promise<boolean> {
    const [own] = await this.query(OWN);
    return own?.['state'] === 'ONLINE' && own['role'] === 'PRIMARY';
  }

  /** Counts a server that has ended itself as alone. */
  async isAlone(): Promise<boolean> {
    const rows = await this.query(REACHED).catch(() => []);
    return Number(rows[0]?.['isMajority'] ?? 0) === 0;
  }

  /** Starts the node as the first of a new group, with its present data. */
  begin(): void {
    writeFileSync(join(this.data, '.begin'), '');
    this.start();
  }

  /** Returns whether the node has every one of the given transactions of another node. */
  async knows(transactions: string): Promise<boolean> {
    const [row] = await this.query(`SELECT GTID_SUBSET(?, ${KNOWN}) AS isKnown`, [transactions]);
    return Number(row?.['isKnown']) === 1;
  }

  /** Returns the transactions that the node has committed or received. */
  async known(): Promise<string> {
    const [row] = await this.query(`SELECT ${KNOWN} AS known`);
    return String(row?.['known']);
  }

  protected async isSynced(): Promise<boolean> {
    const [own] = await this.query(OWN);
    return own?.['state'] === 'ONLINE' && !(await this.isAlone());
  }

  protected launch(): Launch {
    const { server, folder } = this.spec;
    return {
      command: ['sh', '-c', RESTARTING, 'sh', START, server, `--defaults-file=${CONFIG}`, ...this.options()],
      env: {
        GROUP_DATA: this.data,
        GROUP_SHARED: folder,
        GROUP_USERS: USERS,
        GROUP_PASSWORD_FILE: join(folder, 'password'),
        // A client program that fits this server may not be installed.
        GROUP_CLIENT: '',
        TMPDIR: this.folder,
      },
    };
  }

  protected administrator(): ConnectionOptions {
    return { user: 'root', password: this.spec.password, socketPath: this.path('socket') };
  }

  private options(): string[] {
    const isSingle = this.spec.kind === 'group-single-primary';
    return [
      ...this.commonOptions(),
      `--server-id=${this.index + 1}`,
      '--report-host=127.0.0.1',
      `--loose-group-replication-local-address=${this.at(1)}`,
      `--loose-group-replication-group-seeds=${[0, 1, 2].map((index) => this.at(1, index)).join(',')}`,
      `--loose-group-replication-single-primary-mode=${isSingle ? 'ON' : 'OFF'}`,
    ];
  }
}

/** Runs MySQL with Group Replication, in either mode. */
export class GroupCluster extends Cluster<GroupNode> {
  readonly nodes = [new GroupNode(this.spec, 0), new GroupNode(this.spec, 1), new GroupNode(this.spec, 2)] as const;
  readonly haproxyConfig = 'group-replication.cfg';
  readonly takesWritesEverywhere = this.spec.kind === 'group-multi-primary';
  protected readonly upToDate = "SET SESSION group_replication_consistency = 'BEFORE'";

  /** Starts the nodes. Each node creates its own users, and copies the rest from the first node. */
  async begin(): Promise<void> {
    writeFileSync(join(this.spec.folder, 'password'), this.spec.password, { mode: 0o600 });
    const [first, ...others] = this.nodes;
    first.start();
    await first.synced();
    await first.query("SET GLOBAL group_replication_bootstrap_group = OFF; GRANT ALL ON *.* TO 'latchkey'@'%'");
    for (const node of others) node.start();
    await Promise.all(others.map((node) => node.synced()));
  }

  /** Recovers as an operator does: the node with the most transactions starts a new group. */
  async recovered(): Promise<void> {
    const known = await Promise.all(this.nodes.map((node) => answered(() => node.known())));
    for (const node of this.nodes) {
      const isKnown = await Promise.all(known.map((each) => answered(() => node.knows(each))));
      if (!isKnown.every(Boolean)) continue;
      await node.kill();
      node.begin();
      await node.synced();
      await node.query('SET GLOBAL group_replication_bootstrap_group = OFF');
      break;
    }
    await Promise.all(this.nodes.map((node) => node.synced()));
  }

  async conflicts(): Promise<number> {
    const [row] = await this.nodes[0].query(CONFLICTS);
    return Number(row?.['sum']);
  }

  async entrances(): Promise<readonly Entrance[]> {
    if (this.takesWritesEverywhere) return this.nodes;
    const primary = await this.writer();
    return [primary, primary, primary];
  }

  protected async writer(): Promise<GroupNode> {
    for (;;) {
      for (const node of this.nodes) if (await node.isPrimary().catch(() => false)) return node;
      await sleep(100);
    }
  }
}

/** Retries until there is an answer, since a server without its group ends and restarts again. */
async function answered<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  for (;;) {
    try {
      return await ask();
    } catch {
      await sleep(100);
    }
  }
}
