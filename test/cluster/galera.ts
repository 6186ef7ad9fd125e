import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise';
import { initialize, ownUser } from '../../scripts/database-server.js';

const deployed = (path: string) => fileURLToPath(new URL(`../../deploy/${path}`, import.meta.url));
const CONFIG = deployed('galera/galera.cnf');
const START = deployed('galera/start.sh');
const CHECK_USER = deployed('galera/check-user.sql');

/** As deployed; the command line replaces them as a whole. */
const PROVIDER_OPTIONS = /^wsrep_provider_options = "(.*)"$/m.exec(readFileSync(CONFIG, 'utf8'))![1]!;

/** Of the user that hands a new node its data, as deployed. */
const TRANSFER_RIGHTS = /GRANTS: (.*)/.exec(readFileSync(deployed('compose.yaml'), 'utf8'))![1]!;

/** For a node to come up and get what it lacks from the others. */
const STARTING_MS = 90_000;
const PAUSE_MS = 100;

/** Where a cluster is, and what it is made of. */
export interface ClusterSpec {
  readonly mariadbd: string;
  /** A PATH with the programs that bring a node its data. */
  readonly path: string;
  readonly folder: string;
  /** Four for each node. */
  readonly ports: readonly number[];
  readonly password: string;
}

/** One server of the cluster. It keeps its data and its ports when it is killed and started again. */
export class GaleraNode {
  readonly name: string;
  readonly data: string;
  private readonly folder: string;

  constructor(
    private readonly spec: ClusterSpec,
    private readonly index: number,
  ) {
    this.name = `node${index + 1}`;
    this.folder = join(spec.folder, this.name);
    this.data = join(this.folder, 'data');
  }

  get address(): string {
    return this.at(0);
  }

  /** Starts it as `deploy/` does; it has come up once it is {@link synced}. */
  start(): void {
    const { mariadbd, path, folder } = this.spec;
    mkdirSync(this.data, { recursive: true });
    const log = openSync(this.path('log'), 'a');
    // A process group of its own: with the server go the programs that it runs.
    const server = spawn('sh', [START, mariadbd, `--defaults-file=${CONFIG}`, ...ownUser, ...this.options()], {
      env: { PATH: path, GALERA_DATA: this.data, GALERA_SHARED: folder },
      stdio: ['ignore', log, log],
      detached: true,
    });
    // For whoever is to stop it, be it another process.
    writeFileSync(this.path('group'), String(server.pid));
  }

  /** Waits until it has all that the others have, and takes requests. */
  async synced(): Promise<void> {
    const end = Date.now() + STARTING_MS;
    while (Date.now() < end) {
      if ((await this.status('wsrep_local_state_comment').catch(() => '')) === 'Synced') return;
      await sleep(PAUSE_MS);
    }
    throw new Error(`${this.name} has not come up: ${readFileSync(this.path('log'), 'utf8').slice(-4000)}`);
  }

  async status(name: string): Promise<string> {
    const [row] = await this.query('SHOW STATUS LIKE ?', [name]);
    return String(row?.['Value']);
  }

  /** As its administrator. @returns the rows of the last of the statements */
  async query(sql: string, values: string[] = []): Promise<RowDataPacket[]> {
    const connection = await this.connect();
    try {
      const [rows] = await connection.query<RowDataPacket[] | RowDataPacket[][]>(sql, values);
      return [[rows].flat().at(-1) ?? []].flat();
    } finally {
      connection.destroy();
    }
  }

  /** Kills it with -9. Resolves when it is gone. */
  async kill(): Promise<void> {
    this.signal('SIGKILL');
    while (this.isAlive) await sleep(PAUSE_MS);
  }

  signal(signal: NodeJS.Signals): void {
    process.kill(-this.group, signal);
  }

  /** Stops it without ending it. Resolves when it has stopped, which on a busy machine is not at once. */
  async hang(): Promise<void> {
    this.signal('SIGSTOP');
    while (!readFileSync(`/proc/${this.group}/stat`, 'utf8').includes(') T')) await sleep(1);
  }

  get isAlive(): boolean {
    try {
      return process.kill(-this.group, 0);
    } catch {
      return false;
    }
  }

  private get group(): number {
    return Number(readFileSync(this.path('group'), 'utf8'));
  }

  private connect(): Promise<Connection> {
    return createConnection({ user: 'root', socketPath: this.path('socket'), multipleStatements: true });
  }

  private path(name: string): string {
    return join(this.folder, name);
  }

  private at(port: 0 | 1 | 2 | 3, index = this.index): string {
    return `127.0.0.1:${this.spec.ports[index * 4 + port]}`;
  }

  private options(): string[] {
    return [
      `--datadir=${this.data}`,
      `--tmpdir=${this.folder}`,
      `--socket=${this.path('socket')}`,
      `--pid-file=${this.path('pid')}`,
      '--bind-address=127.0.0.1',
      `--port=${this.address.split(':')[1]}`,
      `--wsrep-node-name=${this.name}`,
      `--wsrep-node-address=${this.at(1)}`,
      `--wsrep-cluster-address=gcomm://${[0, 1, 2].map((index) => this.at(1, index)).join(',')}`,
      `--wsrep-provider-options=${PROVIDER_OPTIONS};gmcast.listen_addr=tcp://${this.at(1)};ist.recv_addr=${this.at(2)}`,
      `--wsrep-sst-receive-address=${this.at(3)}`,
    ];
  }
}

/** Three nodes on this machine, configured and started as `deploy/` does it. */
export class GaleraCluster {
  readonly nodes: readonly [GaleraNode, GaleraNode, GaleraNode];

  constructor(readonly spec: ClusterSpec) {
    this.nodes = [new GaleraNode(spec, 0), new GaleraNode(spec, 1), new GaleraNode(spec, 2)];
  }

  /** Makes its data and brings it up: the others get theirs from the first one. */
  async begin(): Promise<void> {
    const [first, ...others] = this.nodes;
    mkdirSync(first.data, { recursive: true });
    initialize(this.spec.mariadbd, first.data);
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

  /** Takes the servers away, and all that they kept. */
  stop(): void {
    for (const node of this.nodes) if (node.isAlive) node.signal('SIGKILL');
    rmSync(this.spec.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }

  /** Makes an empty database. @returns its URL at a node, or at another address that leads to one */
  async newDatabase(): Promise<(at: { readonly address: string }) => string> {
    const name = `latchkey_${randomBytes(6).toString('hex')}`;
    await this.nodes[0].query(`CREATE DATABASE ${name}`);
    // A login, which names the database, does not wait until the node has applied what there is; a read does.
    await Promise.all(this.nodes.map((node) => node.query('SET SESSION wsrep_sync_wait = 1; SELECT 1')));
    return ({ address }) => `mysql://latchkey:${this.spec.password}@${address}/${name}`;
  }

  /** What a table holds, by node: one checksum where all hold the same. */
  async checksums(url: (at: GaleraNode) => string, table: string): Promise<Set<unknown>> {
    const database = new URL(url(this.nodes[0])).pathname.slice(1);
    const sql = `SET SESSION wsrep_sync_wait = 1; SELECT 1; CHECKSUM TABLE ${database}.${table}`;
    return new Set(
      await Promise.all(this.nodes.map(async (node) => (await node.query(sql))[0]?.['Checksum'] as unknown)),
    );
  }

  /** The sum over all nodes of things that each counts. */
  async count(...names: string[]): Promise<number> {
    const counts = this.nodes.flatMap((node) => names.map(async (name) => Number(await node.status(name))));
    return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
  }
}
