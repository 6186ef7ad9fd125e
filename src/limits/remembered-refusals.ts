import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { Clock } from '../platform/clock/clock.js';

/** How many refusals are remembered, and how many sources whose refusals were forgotten. */
const MOST = 50_000;
/**
 * How long a refusal is remembered. Short, since the account may log in from the source at another
 * replica, and must not be refused after that.
 */
const MOST_MS = 5_000;

/**
 * Remembers for a few seconds what the counters refuse, so that a client that retries at once costs
 * no statement.
 */
@Injectable()
export class RememberedRefusals {
  private readonly refusals = new LRUCache<string, { until: number; forgottenAt: number }>({ max: MOST });
  private readonly generations = new LRUCache<string, number>({ max: MOST });

  constructor(private readonly clock: Clock) {}

  /** Remembers a refusal. @param until when the counter ends it, in milliseconds since 1970 */
  remember(source: string, key: string, until: number): void {
    this.refusals.set(this.entryOf(source, key), { until, forgottenAt: this.clock.now() + MOST_MS });
  }

  /**
   * Returns until when a key is refused, in milliseconds since 1970; 0 where no refusal is
   * remembered.
   */
  refusedUntil(source: string, key: string): number {
    const { until = 0, forgottenAt = 0 } = this.refusals.get(this.entryOf(source, key)) ?? {};
    return Math.min(until, forgottenAt) > this.clock.now() ? until : 0;
  }

  /** Forgets all refusals of a source. To be called when an account logs in from there. */
  forget(source: string): void {
    this.generations.set(source, (this.generations.get(source) ?? 0) + 1);
  }

  /** Forgets every refusal. To be called when the counters are cleared. */
  forgetAll(): void {
    this.refusals.clear();
  }

  private entryOf(source: string, key: string): string {
    return `${source} ${this.generations.get(source) ?? 0} ${key}`;
  }
}
