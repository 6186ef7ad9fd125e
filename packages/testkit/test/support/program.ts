import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

/** What the program says of itself with `--json`. */
export interface Announcement {
  readonly url: string;
  readonly control: string;
  readonly issuer: string;
  readonly jwks_uri: string;
  readonly pid: number;
}

/** The bundled program of the kit, as a separate process. */
export class KitProcess {
  stdout = '';
  stderr = '';
  readonly exited: Promise<number | null>;
  readonly child: ChildProcess;

  /** @param env variables beside those of this process, without `NODE_ENV` */
  constructor(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    this.child = spawn(process.execPath, [MAIN, ...args], {
      env: { PATH: process.env['PATH'], ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child.stdout?.on('data', (chunk: Buffer) => (this.stdout += chunk.toString()));
    this.child.stderr?.on('data', (chunk: Buffer) => (this.stderr += chunk.toString()));
    this.exited = once(this.child, 'close').then(() => this.child.exitCode);
  }

  /** Waits for the line of `--json`. @throws if the program has ended without it */
  async announced(): Promise<Announcement> {
    const { stdout } = this.child;
    while (stdout && !this.stdout.includes('\n')) {
      const ended = this.exited.then(() => true);
      const isOver = await Promise.race([ended, once(stdout, 'data').then(() => false)]);
      if (isOver && !this.stdout.includes('\n')) throw new Error(`the kit has ended: ${this.stderr}`);
    }
    return JSON.parse(this.stdout) as Announcement;
  }

  /** Sends a signal, and waits for the end. @returns the exit code, null after a signal */
  stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    this.child.kill(signal);
    return this.exited;
  }
}
