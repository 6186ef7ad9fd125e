import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { TEST_ENV } from './service.js';

const MAIN = fileURLToPath(new URL('../../dist/bundle/main.js', import.meta.url));

/** Runs the compiled service as a separate process. */
export class ServiceProcess {
  stdout = '';
  stderr = '';
  readonly exited: Promise<number | null>;
  private readonly child: ChildProcess;

  /** @param env the whole environment, on top of cheap hashes and a free port */
  constructor(env: Record<string, string>) {
    this.child = spawn(process.execPath, [MAIN], {
      env: { ...TEST_ENV, PORT: '0', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child.stdout?.on('data', (chunk: Buffer) => (this.stdout += chunk.toString()));
    this.child.stderr?.on('data', (chunk: Buffer) => (this.stderr += chunk.toString()));
    this.exited = once(this.child, 'close').then(() => this.child.exitCode);
  }

  get pid(): number {
    return this.child.pid!;
  }

  /** Waits until the service is ready. @returns its address */
  async ready(): Promise<string> {
    const line = await this.logged(({ msg }) => msg === 'ready');
    return String(line['url']);
  }

  /** Waits for a matching log line, and returns it. @throws if the service has ended without one */
  async logged(matches: (line: Record<string, unknown>) => boolean): Promise<Record<string, unknown>> {
    for (;;) {
      const found = this.lines().find(matches);
      if (found) return found;
      const ended = await Promise.race([
        this.exited.then(() => true),
        once(this.child.stdout!, 'data').then(() => false),
      ]);
      if (ended && !this.lines().some(matches)) throw new Error(`the service has ended: ${this.stderr}`);
    }
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  private lines(): Record<string, unknown>[] {
    const whole = this.stdout.slice(0, this.stdout.lastIndexOf('\n') + 1);
    return whole
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }
}
