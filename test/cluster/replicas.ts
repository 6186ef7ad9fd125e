import { ServiceProcess } from '../support/process.js';
import { UNREACHED_LIMITS } from '../support/service.js';
import { fixedPorts } from './ports.js';

/** What all replicas of a test have in common. Outages are longer than the window that the service comes with. */
const ENV = { ...UNREACHED_LIMITS, REFRESH_REPLAY_WINDOW: '300' };

/** Replicas of the service, each a process of its own. */
export class Replicas {
  private readonly processes: ServiceProcess[] = [];

  constructor(
    private readonly secret: string,
    readonly ports: readonly number[],
    private readonly env: Record<string, string>,
  ) {}

  /** @param env what these replicas have in common besides */
  static async withPorts(secret: string, env: Record<string, string> = {}): Promise<Replicas> {
    return new Replicas(secret, await fixedPorts(3), env);
  }

  get urls(): string[] {
    return this.ports.map((port) => `http://127.0.0.1:${port}`);
  }

  /** Starts one for each database URL, all at once, and waits for all. */
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

  /** What the service could not explain to itself, and answered 500. */
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
