import { LRUCache } from 'lru-cache';
import { MINUTE_MS } from '../platform/clock/durations.js';
import type { SecurityEvent } from './catalogue.js';

/** How many events of a source were left out within a minute. */
export interface LeftOut {
  readonly source: string;
  readonly count: number;
}

/**
 * How many events that a client can repeat at will are recorded a minute: of one source, and of all
 * together.
 */
export const MOST_OF_SOURCE = 300;
export const MOST_OF_ALL = 6_000;
/**
 * How many sources and sessions are remembered. A forgotten source or session may have a few more
 * events recorded.
 */
const REMEMBERED = 20_000;

/** Stands for all sources together. */
const ALL = '';

/**
 * Reasons of a success that a client can repeat with the same token, and that may have ended no
 * session.
 */
const REPEATABLE = new Set<string | undefined>(['others', 'all']);

interface Count {
  readonly since: number;
  recorded: number;
  leftOut: number;
}

/**
 * Bounds the events that clients can repeat at will: refreshes by session, failures by source and
 * in all. Events beyond a bound are counted. Successes that take a password or that end a session
 * are never left out.
 */
export class EventLimits {
  private readonly refreshes = new LRUCache<string, number>({ max: REMEMBERED });
  /** How many events were left out, by source. */
  private readonly leftOut = new Map<string, number>();
  private readonly counts = new LRUCache<string, Count>({
    max: REMEMBERED,
    dispose: ({ leftOut }, source) => {
      if (leftOut > 0) this.addLeftOut(source, leftOut);
    },
  });

  /**
   * Counts an event.
   * @param source see `sourceOf`; undefined for an event that no request caused
   * @returns whether the event is recorded
   */
  admit(event: SecurityEvent, source: string | undefined, now: number): boolean {
    if (source === undefined) return true;
    if (event.event === 'refresh') return this.noteRefresh(event.sessionId ?? '', now);
    if (event.outcome === 'success' && !REPEATABLE.has(event.reason)) return true;
    if (!this.takeFrom(this.countOf(source, now), MOST_OF_SOURCE)) return false;
    return this.takeFrom(this.countOf(ALL, now), MOST_OF_ALL);
  }

  /**
   * Returns how many events were left out since the last call, by source. An empty source stands
   * for all sources together.
   */
  takeLeftOut(): LeftOut[] {
    for (const [source, count] of this.counts.entries()) {
      if (count.leftOut > 0) this.addLeftOut(source, count.leftOut);
      count.leftOut = 0;
    }
    const taken = [...this.leftOut].map(([source, count]) => ({ source, count }));
    this.leftOut.clear();
    return taken;
  }

  private noteRefresh(sessionId: string, now: number): boolean {
    const last = this.refreshes.get(sessionId);
    if (last !== undefined && isSameMinute(last, now)) return false;
    this.refreshes.set(sessionId, now);
    return true;
  }

  private takeFrom(count: Count, most: number): boolean {
    if (count.recorded < most) {
      count.recorded += 1;
      return true;
    }
    count.leftOut += 1;
    return false;
  }

  private countOf(source: string, now: number): Count {
    const present = this.counts.get(source);
    if (present && isSameMinute(present.since, now)) return present;
    // `dispose` keeps the number of events that were left out in the previous minute.
    const count = { since: now, recorded: 0, leftOut: 0 };
    this.counts.set(source, count);
    return count;
  }

  /**
   * Counts events that were left out: for their source, or for all sources if too many have a
   * count.
   */
  private addLeftOut(source: string, count: number): void {
    const key = this.leftOut.has(source) || this.leftOut.size < MOST_OF_SOURCE ? source : ALL;
    this.leftOut.set(key, (this.leftOut.get(key) ?? 0) + count);
  }
}

/**
 * Tells whether a time is in the minute that began at `since`. A clock that was set back begins a
 * new minute.
 */
function isSameMinute(since: number, now: number): boolean {
  return now >= since && now - since < MINUTE_MS;
}
