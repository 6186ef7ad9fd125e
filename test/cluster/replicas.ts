import { ServiceProcess } from '../support/process.js';
import { UNREACHED_LIMITS } from '../support/service.js';
import { fixedPorts } from './ports.js';

/** Settings of all replicas. Outages last longer than the default replay window. */
const ENV = { ...UNREACHED_LIMITS, REFRESH_REPLAY_WINDOW: '300' };

/** Runs replicas of the service, each as a separate process. */
export class Replicas {
  private readonly processes: ServiceProcess[] = [];

  constructor(
    private readonly secret: string,
    readonly ports: readonly number[],
    private readonly env: Record<string, string>,
  ) {}

  /** Chooses the ports. @param env further settings of these replicas */
  static async withPorts(secret: string, env: Record<string, string> = {}): Promise<Replicas> {
    return new Replicas(secret, await fixedPorts(3), env);
  }

  get urls(): string[] {
    return this.ports.map((port) => `http://127.0.0.1:${port}`);
  }

  /** Starts a replica for each database URL, all at once, and waits until all are ready. */
  async start(databases: readonly string[]): Promise<void> {
    for (const [index, DATABASE_URL] of databases.entries())
      this.processes.push(
        new ServiceProcess({
          ...{ ...ENV, ...this.env, AUTH_SECRET: this.secret },
          ...{ DATABASE_URL, PORT: String(this.ports[index]) },
        }),
      );
    await Promise.all(this.processes.map((process) => process.ready()));
  }

  /** The logged errors, including the cause of each 500. */
  get errors(): string[] {
    const lines = this.processes.flatMap(({ stdout }) => stdout.split('\n'));
    return lines.filter((line) => line.includes('"level":"error"'));
  }

  async stop(): Promise<void> {
    for (const process of this.processes.splice(0)) {
      process.kill('SIGKILL');
      await process.exited;
    }
  }
}
