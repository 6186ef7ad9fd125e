import { LRUCache } from 'lru-cache';
import { type Counter, counted } from './budget.js';
import { type CounterMap, Counters, type Share, type Take, type Taken } from './counters.js';
import { ForgottenCounters } from './forgotten-counters.js';

/**
 * How many counters are kept whole. Beyond that, the least recently used ones go to {@link
 * ForgottenCounters}. An attacker can count that many other keys within a minute: sign-ups of a
 * taken name, and guesses of clients that disconnect, cost no hash.
 */
const MOST = 100_000;
/**
 * How many counters that exceed their budget are kept. They are kept apart, so that cheap attempts
 * at other keys cannot evict them.
 */
const MOST_REFUSED = 50_000;

/** The counters of one process, which begin at 0 when it starts. */
export class MemoryCounters extends Counters {
  private readonly forgotten = new ForgottenCounters();
  private readonly counters = this.keep(MOST);
  private readonly refused = this.keep(MOST_REFUSED);
  /** The time of the latest attempts. */
  private now = 0;

  async read(ids: readonly string[]): Promise<CounterMap> {
    return new Map(ids.flatMap((id) => this.entry(id)));
  }

  async add(takes: readonly Take[], now: number): Promise<CounterMap> {
    this.now = now;
    for (const { id, budget, attempts } of takes) this.set(id, counted(this.get(id), budget, attempts, now));
    return this.read(takes.map(({ id }) => id));
  }

  async giveBack(taken: readonly Taken[]): Promise<void> {
    for (const share of taken) {
      const counter = this.get(share.id);
      if (counter && isOpen(counter, share)) this.set(share.id, { ...counter, used: counter.used - 1 });
    }
  }

  async trim(): Promise<boolean> {
    return false;
  }

  private keep(max: number): LRUCache<string, Counter> {
    const dispose = (counter: Counter, id: string, reason: LRUCache.DisposeReason) => {
      if (reason === 'evict') this.forgotten.add(id, counter, this.now);
    };
    return new LRUCache({ max, dispose });
  }

  private get(id: string): Counter | undefined {
    return this.refused.get(id) ?? this.counters.get(id) ?? this.forgotten.get(id);
  }

  private entry(id: string): [string, Counter][] {
    const counter = this.get(id);
    return counter ? [[id, counter]] : [];
  }

  private set(id: string, counter: Counter): void {
    const [right, other] = counter.refusals > 0 ? [this.refused, this.counters] : [this.counters, this.refused];
    right.set(id, counter);
    other.delete(id);
  }
}

function isOpen({ used, endsAt }: Counter, taken: Share & { endsAt: number }): boolean {
  return endsAt === taken.endsAt && used > 0 && used <= taken.budget.most;
}
