import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { Clock } from '../platform/clock/clock.js';

/** Refusals that are remembered, and sources of which some were forgotten again. */
const MOST = 50_000;
/** Short, since another replica may learn meanwhile that the account knows the source and must not be refused there. */
const MOST_MS = 5_000;

/** Remembers for a few seconds what the counters refuse, so that a client that goes on at once costs the database nothing. */
@Injectable()
export class RememberedRefusals {
  private readonly refusals = new LRUCache<string, { until: number; forgottenAt: number }>({ max: MOST });
  private readonly generations = new LRUCache<string, number>({ max: MOST });

  constructor(private readonly clock: Clock) {}

  /** @param until as the counter says, in milliseconds since 1970 */
  remember(source: string, key: string, until: number): void {
    this.refusals.set(this.entryOf(source, key), { until, forgottenAt: this.clock.now() + MOST_MS });
  }

  /** @returns until when this is refused, in milliseconds since 1970; 0 for what is not remembered */
  until(source: string, key: string): number {
    const { until = 0, forgottenAt = 0 } = this.refusals.get(this.entryOf(source, key)) ?? {};
    return Math.min(until, forgottenAt) > this.clock.now() ? until : 0;
  }

  /** Forgets what was refused to a source. To be called when an account logs in from there. */
  forget(source: string): void {
    this.generations.set(source, (this.generations.get(source) ?? 0) + 1);
  }

  private entryOf(source: string, key: string): string {
    return `${source} ${this.generations.get(source) ?? 0} ${key}`;
  }
}
