import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Connection, createConnection } from 'mysql2/promise';
import { inject, vi } from 'vitest';
import { initialize, ownUser } from '../../scripts/database-server.js';
import { fixedPorts } from './ports.js';

const deployed = (path: string) => fileURLToPath(new URL(`../../deploy/${path}`, import.meta.url));
const CONFIG = deployed('galera/galera.cnf');
const START = deployed('galera/start.sh');
const CHECK_USER = deployed('galera/check-user.sql');

/** Of the user that hands a new node its data. */
const BACKUP_RIGHTS = /GRANTS: (.*)/.exec(readFileSync(deployed('compose.yaml'), 'utf8'))![1]!;

/** For a node to come up and get what it lacks from the others. */
const STARTING = { timeout: 90_000, interval: 100 };

interface Ports {
  readonly sql: number;
  readonly group: number;
  readonly missed: number;
  readonly whole: number;
}

/** One server of the cluster. It keeps its data and its ports when it is killed and started again. */
export class GaleraNode {
  private server: ChildProcess | undefined;
  private readonly folder: string;

  constructor(
    readonly name: string,
    private readonly shared: string,
    private readonly ports: Ports,
    private readonly cluster: string,
  ) {
    this.folder = join(shared, name);
    mkdirSync(this.data, { recursive: true });
  }

  get data(): string {
    return join(this.folder, 'data');
  }

  get address(): string {
    return `127.0.0.1:${this.ports.sql}`;
  }

  /** Starts it as `deploy/` does; it has come up once it is {@link synced}. */
  start(): void {
    const { mariadbd, path } = inject('cluster');
    const log = openSync(join(this.folder, 'log'), 'a');
    // A process group of its own: with the server go the programs that it runs.
    this.server = spawn('sh', [START, mariadbd, `--defaults-file=${CONFIG}`, ...ownUser, ...this.options()], {
      env: { PATH: path, GALERA_DATA: this.data, GALERA_SHARED: this.shared },
      stdio: ['ignore', log, log],
      detached: true,
    });
  }

  /** Waits until it has all that the others have, and takes requests. */
  async synced(): Promise<void> {
    const hasCome = async () => {
      if (!this.isAlive) throw new Error(`${this.name} has ended: ${this.log()}`);
      return (await this.state()) === 'Synced';
    };
    await vi.waitUntil(hasCome, STARTING);
  }

  /** The state that it says it is in. */
  async state(): Promise<string | undefined> {
    return this.status('wsrep_local_state_comment').catch(() => undefined);
  }

  async status(name: string): Promise<string> {
    const [rows] = await this.as((connection) => connection.query('SHOW STATUS LIKE ?', [name]));
    return (rows as { Value: string }[])[0]!.Value;
  }

  /** Runs something over a connection of the administrator. */
  async as<Result>(work: (connection: Connection) => Promise<Result>): Promise<Result> {
    const connection = await createConnection({ user: 'root', socketPath: this.socket, multipleStatements: true });
    try {
      return await work(connection);
    } finally {
      connection.destroy();
    }
  }

  /** Waits until the process is gone. */
  async kill(): Promise<void> {
    const exited = once(this.server!, 'exit');
    this.signal('SIGKILL');
    await exited;
  }

  signal(signal: NodeJS.Signals): void {
    process.kill(-this.server!.pid!, signal);
  }

  /** Kills it, if it lives, without waiting. */
  stop(): void {
    if (this.isAlive) this.signal('SIGKILL');
  }

  private get isAlive(): boolean {
    return this.server?.exitCode === null && this.server.signalCode === null;
  }

  private get socket(): string {
    return join(this.folder, 'socket');
  }

  private options(): string[] {
    const { sql, group, missed, whole } = this.ports;
    const address = (port: number) => `127.0.0.1:${port}`;
    return [
      `--datadir=${this.data}`,
      `--socket=${this.socket}`,
      `--pid-file=${join(this.folder, 'pid')}`,
      '--bind-address=127.0.0.1',
      `--port=${sql}`,
      `--wsrep-node-name=${this.name}`,
      `--wsrep-node-address=${address(group)}`,
      `--wsrep-cluster-address=${this.cluster}`,
      `--wsrep-sst-receive-address=${address(whole)}`,
      `--wsrep-provider-options=${PROVIDER_OPTIONS};gmcast.listen_addr=tcp://${address(group)};ist.recv_addr=${address(missed)}`,
      '--innodb-log-file-size=16M',
    ];
  }

  private log(): string {
    return readFileSync(join(this.folder, 'log'), 'utf8').slice(-4000);
  }
}

/** As deployed; the command line replaces them as a whole. */
const PROVIDER_OPTIONS = /^wsrep_provider_options = "(.*)"$/m.exec(readFileSync(CONFIG, 'utf8'))![1]!;

/** Three nodes on this machine, configured and started as `deploy/` does it. */
export class GaleraCluster {
  readonly nodes: readonly [GaleraNode, GaleraNode, GaleraNode];
  private readonly password = randomBytes(12).toString('hex');

  private constructor(
    private readonly folder: string,
    ports: number[],
  ) {
    const portsOf = (index: number): Ports => {
      const [sql, group, missed, whole] = ports.slice(index * 4) as [number, number, number, number];
      return { sql, group, missed, whole };
    };
    const members = `gcomm://${[0, 1, 2].map((index) => `127.0.0.1:${portsOf(index).group}`).join(',')}`;
    const node = (index: number) => new GaleraNode(`node${index + 1}`, folder, portsOf(index), members);
    this.nodes = [node(0), node(1), node(2)];
  }

  static async start(): Promise<GaleraCluster> {
    const cluster = new GaleraCluster(mkdtempSync(join(tmpdir(), 'latchkey-galera-')), await fixedPorts(12));
    process.once('exit', cluster.stop);
    await cluster.begin();
    return cluster;
  }

  /** Takes the servers away, and all that they kept. */
  readonly stop = (): void => {
    process.off('exit', this.stop);
    for (const node of this.nodes) node.stop();
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  };

  /** Makes an empty database. @returns its URL at a node, or at another address that leads to one */
  async newDatabase(): Promise<(at: { readonly address: string }) => string> {
    const name = `latchkey_${randomBytes(6).toString('hex')}`;
    await this.nodes[0].as((connection) => connection.query(`CREATE DATABASE ${name}`));
    return ({ address }) => `mysql://latchkey:${this.password}@${address}/${name}`;
  }

  /** What a table holds, by node: one checksum where all hold the same. */
  async checksums(url: (at: GaleraNode) => string, table: string): Promise<Set<unknown>> {
    const database = new URL(url(this.nodes[0])).pathname.slice(1);
    const checksum = async (node: GaleraNode) => {
      const [rows] = await node.as(async (connection) => {
        // Waits until the node has applied what there is.
        await connection.query('SET SESSION wsrep_sync_wait = 15; SELECT 1');
        return connection.query(`CHECKSUM TABLE ${database}.${table}`);
      });
      return (rows as { Checksum: unknown }[])[0]!.Checksum;
    };
    return new Set(await Promise.all(this.nodes.map(checksum)));
  }

  /** The sum over all nodes of something that each counts. */
  async count(...names: string[]): Promise<number> {
    const counts = this.nodes.flatMap((node) => names.map(async (name) => Number(await node.status(name))));
    return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
  }

  private async begin(): Promise<void> {
    const [first, ...others] = this.nodes;
    initialize(inject('cluster').mariadbd, first.data);
    first.start();
    await first.synced();
    const users = `
      CREATE USER 'latchkey'@'127.0.0.1' IDENTIFIED BY '${this.password}'; GRANT ALL ON *.* TO 'latchkey'@'127.0.0.1';
      CREATE USER 'mysql'@'localhost'; GRANT ${BACKUP_RIGHTS} ON *.* TO 'mysql'@'localhost';
      ${readFileSync(CHECK_USER, 'utf8')}`;
    await first.as((connection) => connection.query(users));
    for (const node of others) {
      node.start();
      await node.synced();
    }
  }
}
