import { spawn } from 'node:child_process';
import { mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ConnectionOptions, createConnection, type RowDataPacket } from 'mysql2/promise';
import { ownUser } from '../../scripts/database-server.js';

/** The kinds of cluster that the suite runs on. */
export const KINDS = ['galera', 'group-multi-primary', 'group-single-primary'] as const;
export type Kind = (typeof KINDS)[number];

/** The location, programs and credentials of a cluster. */
export interface ClusterSpec {
  readonly kind: Kind;
  /** The server program. */
  readonly server: string;
  /** A PATH with the programs that transfer data to a new node. */
  readonly path: string;
  readonly folder: string;
  /** Four ports for each node. */
  readonly ports: readonly number[];
  readonly password: string;
}

/** A command and its environment. */
export interface Launch {
  readonly command: readonly string[];
  readonly env: Record<string, string>;
}

/** How long a node may take to start and to receive data from the other nodes. */
const STARTING_MS = 90_000;
const PAUSE_MS = 100;

/** Runs one server of a cluster. The server keeps its data and its ports across restarts. */
export abstract class ClusterNode {
  readonly name: string;
  readonly data: string;
  protected readonly folder: string;

  constructor(
    protected readonly spec: ClusterSpec,
    protected readonly index: number,
  ) {
    this.name = `node${index + 1}`;
    this.folder = join(spec.folder, this.name);
    this.data = join(this.folder, 'data');
  }

  get address(): string {
    return this.at(0);
  }

  /** Starts the server as `deploy/` does. {@link synced} waits until it is up. */
  start(): void {
    mkdirSync(this.data, { recursive: true });
    const log = openSync(this.path('log'), 'a');
    const { command, env } = this.launch();
    const [program = '', ...args] = command;
    // A new process group, so that a signal reaches the programs that the server runs too.
    const server = spawn(program, args, {
      env: { ...process.env, PATH: this.spec.path, ...env },
      stdio: ['ignore', log, log],
      detached: true,
    });
    // Stored in a file, since another process may have to stop the server.
    writeFileSync(this.path('group'), String(server.pid));
  }

  /** Waits until the node has the same data as the other nodes, and accepts requests. */
  async synced(): Promise<void> {
    const end = Date.now() + STARTING_MS;
    while (Date.now() < end) {
      if (await this.isSynced().catch(() => false)) return;
      await sleep(PAUSE_MS);
    }
    throw new Error(`${this.name} has not come up: ${readFileSync(this.path('log'), 'utf8').slice(-4000)}`);
  }

  /** Runs statements as administrator of the node. @returns the rows of the last statement */
  async query(sql: string, values: string[] = []): Promise<RowDataPacket[]> {
    const connection = await createConnection({ ...this.administrator(), multipleStatements: true });
    try {
      const [rows] = await connection.query<RowDataPacket[] | RowDataPacket[][]>(sql, values);
      return [[rows].flat().at(-1) ?? []].flat();
    } finally {
      connection.destroy();
    }
  }

  /** Kills the node with -9, and waits until it is gone. */
  async kill(): Promise<void> {
    this.signal('SIGKILL');
    while (this.isAlive) await sleep(PAUSE_MS);
  }

  signal(signal: NodeJS.Signals): void {
    process.kill(-this.group, signal);
  }

  /** Stops the node without ending it. Waits for the stop, which takes time on a busy machine. */
  async hang(): Promise<void> {
    this.signal('SIGSTOP');
    const server = readFileSync(this.path('pid'), 'utf8').trim();
    while (!readFileSync(`/proc/${server}/stat`, 'utf8').includes(') T')) await sleep(1);
  }

  get isAlive(): boolean {
    try {
      return process.kill(-this.group, 0);
    } catch {
      return false;
    }
  }

  /** Returns whether the node is in the cluster and has the same data as the other nodes. */
  protected abstract isSynced(): Promise<boolean>;
  /** Returns whether the node knows that it has lost the majority. */
  abstract isAlone(): Promise<boolean>;
  protected abstract launch(): Launch;
  protected abstract administrator(): ConnectionOptions;

  protected path(name: string): string {
    return join(this.folder, name);
  }

  protected at(port: 0 | 1 | 2 | 3, index = this.index): string {
    return `127.0.0.1:${this.spec.ports[index * 4 + port]}`;
  }

  /** Returns the options that differ between nodes, for either kind of server. */
  protected commonOptions(): string[] {
    return [
      ...ownUser,
      `--datadir=${this.data}`,
      `--tmpdir=${this.folder}`,
      `--socket=${this.path('socket')}`,
      `--pid-file=${this.path('pid')}`,
      '--bind-address=127.0.0.1',
      `--port=${this.address.split(':')[1]}`,
    ];
  }

  private get group(): number {
    return Number(readFileSync(this.path('group'), 'utf8'));
  }
}
