import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { inject } from 'vitest';
import type { Cluster } from './cluster.js';
import { fixedPorts } from './ports.js';

const configuration = (name: string) => fileURLToPath(new URL(`../../deploy/haproxy/${name}`, import.meta.url));

/** Runs HAProxy as in `deploy/`, in front of the nodes of a cluster and of three replicas. */
export class HaProxy {
  private constructor(
    private readonly child: ChildProcess,
    /** The address of the database. */
    readonly address: string,
    /** The URL for clients of the service. */
    readonly url: string,
  ) {
    process.once('exit', this.stop);
  }

  /** Starts HAProxy. @param replicas the ports of the replicas */
  static async start(cluster: Cluster, replicas: readonly number[]): Promise<HaProxy> {
    const [database, http] = (await fixedPorts(2)).map((port) => `127.0.0.1:${port}`) as [string, string];
    const nodes = cluster.nodes.map(({ address }, index) => [`NODE${index + 1}`, address]);
    const addresses = replicas.map((port, index) => [`REPLICA${index + 1}`, `127.0.0.1:${port}`]);
    const env = Object.fromEntries([...nodes, ...addresses]) as Record<string, string>;
    const files = ['haproxy.cfg', cluster.haproxyConfig].flatMap((name) => ['-f', configuration(name)]);
    const child = spawn(inject('haproxy'), ['-db', '-q', ...files], {
      env: { ...env, DATABASE_BIND: database, HTTP_BIND: http },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    await once(child, 'spawn');
    return new HaProxy(child, database, `http://${http}`);
  }

  readonly stop = (): void => {
    process.off('exit', this.stop);
    this.child.kill('SIGKILL');
  };
}
