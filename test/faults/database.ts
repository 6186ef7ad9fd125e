import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Connection, createConnection } from 'mysql2/promise';
import { startDatabaseServer } from '../../scripts/database-server.js';
import type { Store } from '../support/store.js';
import { TcpProxy } from '../support/tcp-proxy.js';

const DATABASE = 'latchkey';
const USER = 'service';
const OTHER_USER = 'other';
/** Enough for the files of the server and a little more. */
const DISK = '256m';
/** A server that needs longer for a simple query counts as stalled. */
const STALLED_MS = 2_000;
const POLL_MS = 200;

/** Runs a private database server behind a TCP proxy, and causes faults in both. */
export class FaultyDatabase {
  private constructor(
    private readonly server: Awaited<ReturnType<typeof startDatabaseServer>>,
    readonly proxy: TcpProxy,
    /**
     * Leads through the proxy. Its user is not an administrator, because an administrator may write
     * to a read-only server.
     */
    readonly store: Store,
    private readonly disk: Disk,
  ) {}

  static async start(): Promise<FaultyDatabase> {
    const disk = new Disk();
    // MariaDB has the first name, MySQL from version 9 on the second.
    const logs = ['--loose-innodb-log-file-size=4M', '--loose-innodb-redo-log-capacity=8M'];
    const small = [...logs, '--innodb-buffer-pool-size=32M'];
    const server = await startDatabaseServer(small, disk.folder);
    const password = randomBytes(12).toString('hex');
    const connection = await createConnection(server.url);
    await connection.query(`CREATE DATABASE ${DATABASE}`);
    await connection.query(`CREATE USER ${USER}@'%' IDENTIFIED BY '${password}'`);
    await connection.query(`GRANT ALL ON ${DATABASE}.* TO ${USER}@'%'`);
    await connection.query(`CREATE USER ${OTHER_USER}@'%'`);
    await connection.end();
    const proxy = new TcpProxy(new URL(server.url));
    const url = `mysql://${USER}:${password}@127.0.0.1:${await proxy.listen()}/${DATABASE}`;
    const env = { DATABASE_URL: url, AUTH_SECRET: randomBytes(32).toString('hex') };
    return new FaultyDatabase(server, proxy, { env, isMySql: true, dispose: () => Promise.resolve() }, disk);
  }

  /** Connects as administrator, bypassing the proxy. */
  admin(): Promise<Connection> {
    const url = new URL(this.server.url);
    url.pathname = DATABASE;
    return createConnection(url.href);
  }

  async run(sql: string): Promise<void> {
    const connection = await this.admin();
    await connection.query(sql);
    await connection.end();
  }

  /** Kills every connection of the service. @returns how many connections there were */
  async killConnections(): Promise<number> {
    const admin = await this.admin();
    const count = await killAll(admin);
    await admin.end();
    return count;
  }

  /**
   * Takes all connections of the server from the service.
   * @returns a function that releases them
   */
  async exhaust(): Promise<() => Promise<void>> {
    // The server reserves one more connection for administrators, so this one is never locked out.
    const admin = await this.admin();
    const taken: Connection[] = [];
    await admin.query('SET GLOBAL max_connections = 10');
    const { hostname: host, port } = new URL(this.server.url);
    for (;;) {
      const one = await createConnection({ host, port: Number(port), user: OTHER_USER }).catch(() => undefined);
      if (one) taken.push(one);
      else if ((await killAll(admin)) === 0) break;
    }
    return async () => {
      await admin.query('SET GLOBAL max_connections = 151');
      for (const connection of taken) connection.destroy();
      await admin.end();
    };
  }

  kill(): void {
    this.server.signal('SIGKILL');
  }

  restart(): Promise<void> {
    return this.server.restart();
  }

  /** Stops the server without ending it. */
  freeze(): void {
    this.server.signal('SIGSTOP');
  }

  thaw(): void {
    this.server.signal('SIGCONT');
  }

  get canBeFull(): boolean {
    return this.disk.isOwn;
  }

  fill(): void {
    this.disk.fill();
  }

  clear(): void {
    this.disk.clear();
  }

  /**
   * Watches the server until the disk has room. If the server stops answering, frees the disk and
   * restarts the server, as an operator would: MariaDB sometimes stalls on a full disk.
   * @returns whether the server has stalled
   */
  async reviveIfStalled(): Promise<boolean> {
    let hasStalled = false;
    while (this.disk.isFull()) {
      await sleep(POLL_MS);
      if (!this.disk.isFull() || (await this.isAnswering())) continue;
      hasStalled = true;
      this.clear();
      this.kill();
      await this.restart();
    }
    return hasStalled;
  }

  private async isAnswering(): Promise<boolean> {
    const asked = this.run('SELECT COUNT(*) FROM migrations').then(
      () => true,
      () => false,
    );
    return Promise.race([asked, sleep(STALLED_MS, false)]);
  }

  stop(): void {
    this.proxy.end();
    this.server.stop();
    this.disk.remove();
  }
}

async function killAll(admin: Connection): Promise<number> {
  // Connections that are not authenticated yet may belong to the service too.
  const sql = "SELECT id FROM information_schema.processlist WHERE user IN (?, 'unauthenticated user')";
  const [rows] = await admin.query(sql, [USER]);
  const connections = rows as { id: number }[];
  // KILL fails for a connection that has ended in the meantime.
  for (const { id } of connections) await admin.query(`KILL CONNECTION ${id}`).catch(() => undefined);
  return connections.length;
}

/** Mounts a small file system, which needs root, and otherwise falls back to a plain folder. */
class Disk {
  readonly folder = mkdtempSync(join(tmpdir(), 'latchkey-disk-'));
  readonly isOwn: boolean;
  private readonly filler = join(this.folder, 'filler');

  constructor() {
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK}`, 'tmpfs', this.folder], {
      stdio: 'ignore',
    });
    this.isOwn = mounted.status === 0;
  }

  fill(): void {
    const file = openSync(this.filler, 'w');
    try {
      for (const chunk = Buffer.alloc(65_536); ;) writeSync(file, chunk);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    } finally {
      closeSync(file);
    }
  }

  isFull(): boolean {
    return existsSync(this.filler);
  }

  clear(): void {
    rmSync(this.filler, { force: true });
  }

  remove(): void {
    if (this.isOwn) spawnSync('umount', ['-l', this.folder], { stdio: 'ignore' });
    rmSync(this.folder, { recursive: true, force: true });
  }
}
