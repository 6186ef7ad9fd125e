import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClusterNode, ClusterSpec } from './node.js';

/** Pause between two checks of a node. */
const PAUSE_MS = 20;

/** An address of the database: a node, or a proxy in front of the nodes. */
export interface Entrance {
  readonly address: string;
}

/** Runs three nodes on this machine, configured and started as in `deploy/`. */
export abstract class Cluster<Node extends ClusterNode = ClusterNode> {
  abstract readonly nodes: readonly [Node, Node, Node];
  /** The file in `deploy/haproxy` that configures HAProxy for this kind of cluster. */
  abstract readonly haproxyConfig: string;
  /** Whether every node takes writes. */
  abstract readonly takesWritesEverywhere: boolean;
  /** A statement that makes a session read everything that any node has committed before. */
  protected abstract readonly upToDate: string;

  constructor(readonly spec: ClusterSpec) {}

  /** Creates the data of the cluster and starts its nodes. */
  abstract begin(): Promise<void>;

  /** Waits until all nodes are synced again, after the majority was lost and restarted. */
  abstract recovered(): Promise<void>;

  /** Returns how many write conflicts the nodes have detected so far. */
  abstract conflicts(): Promise<number>;

  /** Returns a writable node for each of three replicas; different nodes if all are writable. */
  abstract entrances(): Promise<readonly Entrance[]>;

  /** Kills the servers, and removes their data. */
  stop(): void {
    for (const node of this.nodes) if (node.isAlive) node.signal('SIGKILL');
    rmSync(this.spec.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }

  /** Creates an empty database. @returns a function that gives its URL at an entrance */
  async newDatabase(): Promise<(at: Entrance) => string> {
    const name = `latchkey_${randomBytes(6).toString('hex')}`;
    await (await this.writer()).query(`CREATE DATABASE ${name}`);
    // A login names the database, but does not wait until the node has applied CREATE DATABASE.
    const isThere = async (node: Node) => (await node.query('SHOW DATABASES LIKE ?', [name])).length > 0;
    for (const node of this.nodes) while (!(await isThere(node))) await sleep(PAUSE_MS);
    return ({ address }) => `mysql://latchkey:${this.spec.password}@${address}/${name}`;
  }

  /** Returns the distinct checksums of a table: a single one if all nodes hold the same rows. */
  async checksums(url: (at: Entrance) => string, table: string): Promise<Set<unknown>> {
    const name = `${new URL(url(this.nodes[0])).pathname.slice(1)}.${table}`;
    const sql = `${this.upToDate}; SELECT COUNT(*) FROM ${name}; CHECKSUM TABLE ${name}`;
    return new Set(
      await Promise.all(this.nodes.map(async (node) => (await node.query(sql))[0]?.['Checksum'] as unknown)),
    );
  }

  /** Returns a writable node. */
  protected abstract writer(): Promise<Node>;
}
