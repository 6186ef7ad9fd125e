import { afterEach, beforeEach } from 'vitest';
import { ServiceProcess } from './process.js';
import { newStore, type Store } from './store.js';

/** Starts the services of one test, each as a process, on one store. */
export class Processes {
  store!: Store;
  private readonly started: ServiceProcess[] = [];

  /** Starts a service. @param env variables on top of those of the store */
  start(env: Record<string, string> = {}): ServiceProcess {
    const process = new ServiceProcess({ ...this.store.env, ...env });
    this.started.push(process);
    return process;
  }

  /** Kills all started services, and removes the store. */
  async dispose(): Promise<void> {
    for (const process of this.started.splice(0)) {
      process.kill('SIGKILL');
      await process.exited;
    }
    await this.store.dispose();
  }
}

/**
 * Gives each test of a file or a `describe` a new store. Afterwards disposes of the store and the
 * services.
 */
export function processesOfEachTest(makeStore: () => Store | Promise<Store> = newStore): Processes {
  const processes = new Processes();
  beforeEach(async () => {
    processes.store = await makeStore();
  });
  afterEach(() => processes.dispose());
  return processes;
}
