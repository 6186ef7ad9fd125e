import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClusterNode, ClusterSpec } from './node.js';

/** Between two looks at a node. */
const PAUSE_MS = 20;

/** Something that leads to the database: a node, or a proxy before the nodes. */
export interface Entrance {
  readonly address: string;
}

/** Three nodes on this machine, configured and started as `deploy/` does it. */
export abstract class Cluster<Node extends ClusterNode = ClusterNode> {
  abstract readonly nodes: readonly [Node, Node, Node];
  /** The part of HAProxy's configuration in `deploy/haproxy` that leads to this kind of cluster. */
  abstract readonly haproxyConfig: string;
  /** Whether every node takes writes. */
  abstract readonly takesWritesEverywhere: boolean;
  /** Makes a session read all that was committed anywhere before. */
  protected abstract readonly upToDate: string;

  constructor(readonly spec: ClusterSpec) {}

  /** Makes the data of the cluster and brings it up. */
  abstract begin(): Promise<void>;

  /** Waits until all nodes are synced again, after most of them were lost and have been started again. */
  abstract recovered(): Promise<void>;

  /** How often nodes have disagreed up to now. */
  abstract conflicts(): Promise<number>;

  /** A node for each of three replicas: another one for each, where each node takes writes. */
  abstract entrances(): Promise<readonly Entrance[]>;

  /** Takes the servers away, and all that they kept. */
  stop(): void {
    for (const node of this.nodes) if (node.isAlive) node.signal('SIGKILL');
    rmSync(this.spec.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }

  /** Makes an empty database. @returns its URL at an entrance */
  async newDatabase(): Promise<(at: Entrance) => string> {
    const name = `latchkey_${randomBytes(6).toString('hex')}`;
    await (await this.writer()).query(`CREATE DATABASE ${name}`);
    // A login, which names the database, does not wait until the node has applied what there is.
    const isThere = async (node: Node) => (await node.query('SHOW DATABASES LIKE ?', [name])).length > 0;
    for (const node of this.nodes) while (!(await isThere(node))) await sleep(PAUSE_MS);
    return ({ address }) => `mysql://latchkey:${this.spec.password}@${address}/${name}`;
  }

  /** What a table holds, by node: one checksum where all hold the same. */
  async checksums(url: (at: Entrance) => string, table: string): Promise<Set<unknown>> {
    const name = `${new URL(url(this.nodes[0])).pathname.slice(1)}.${table}`;
    const sql = `${this.upToDate}; SELECT COUNT(*) FROM ${name}; CHECKSUM TABLE ${name}`;
    return new Set(
      await Promise.all(this.nodes.map(async (node) => (await node.query(sql))[0]?.['Checksum'] as unknown)),
    );
  }

  /** A node that takes writes. */
  protected abstract writer(): Promise<Node>;
}
