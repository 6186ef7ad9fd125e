import { type CounterMap, Counters, type Take, type Taken } from '../../../../src/limits/counters.js';
import { MemoryCounters } from '../../../../src/limits/memory-counters.js';

/** The counters of the embedded store, which a test can clear. A change of settings keeps them. */
export class ResettableCounters extends Counters {
  private counters = new MemoryCounters();

  clear(): void {
    this.counters = new MemoryCounters();
  }

  override read(ids: readonly string[]): Promise<CounterMap> {
    return this.counters.read(ids);
  }

  override add(takes: readonly Take[], now: number): Promise<CounterMap> {
    return this.counters.add(takes, now);
  }

  override giveBack(taken: readonly Taken[]): Promise<void> {
    return this.counters.giveBack(taken);
  }

  override trim(): Promise<boolean> {
    return this.counters.trim();
  }
}
