/// <reference lib="esnext.disposable" preserve="true" />
import { type AccountInput, Latchkey, type SettingValues } from './client/latchkey.js';
import { Kit } from './kit.js';
import { refuseForeignSettings, refuseRealSettings } from './safety.js';

export interface StartOptions {
  /** Default: any free port. */
  readonly port?: number;
  /** Default: loopback. */
  readonly host?: string;
  /** Host names under which clients other than those of this machine reach the control plane. */
  readonly hosts?: readonly string[];
  /** Accounts of every tenant, at its start and after a reset. */
  readonly seed?: readonly AccountInput[];
  /** Settings of every tenant, by the names of their environment variables. */
  readonly settings?: SettingValues;
  /** Lowest level that is logged, to standard error. Default: `silent`. */
  readonly logLevel?: string;
}

/** What is shown of a kit, so that the declarations of the package reach nothing else of it. */
interface RunningKit {
  readonly url: string;
  stop(): Promise<void>;
}

/** A kit in this process, and its tenant at the root. */
export class RunningLatchkey extends Latchkey implements AsyncDisposable {
  constructor(private readonly kit: RunningKit) {
    super(kit.url);
  }

  /** Returns the tenant at `/t/NAME`, which is made at its first request. */
  tenant(name: string): Latchkey {
    return new Latchkey(`${this.kit.url}/t/${name}`);
  }

  stop(): Promise<void> {
    return this.kit.stop();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}

/**
 * Starts the service in memory, with its control plane. Installs no signal handlers.
 * @throws Error for an unusable seed or setting, and where a real database or secret is configured
 */
export async function startLatchkey(options: StartOptions = {}): Promise<RunningLatchkey> {
  refuseRealSettings(process.env);
  const { port = 0, host = '127.0.0.1', hosts = [], seed = [], settings = {}, logLevel = 'silent' } = options;
  refuseForeignSettings(settings);
  return new RunningLatchkey(await Kit.start({ port, host, hosts, seed, settings, logLevel }));
}
