import { hash, randomBytes } from 'node:crypto';
import { type Counter, usedOf } from './budget.js';

/** How many places each budget has. */
const PLACES = 16_384;

/**
 * Keeps an upper bound of the counters that memory has no room for. Counters of one budget share
 * places. A place keeps the highest of each number, so that an attacker gains no guesses by
 * counting very many other keys.
 */
export class ForgottenCounters {
  private readonly places = new Map<string, Counter>();
  /** Keeps clients from finding out which keys share a place. */
  private readonly salt = randomBytes(16).toString('hex');

  add(id: string, counter: Counter, now: number): void {
    if (counter.endsAt <= now && counter.refusalsEndAt <= now) return;
    const place = this.placeOf(id);
    this.places.set(place, highest(this.places.get(place), counter, now));
  }

  get(id: string): Counter | undefined {
    return this.places.size === 0 ? undefined : this.places.get(this.placeOf(id));
  }

  private placeOf(id: string): string {
    const [budget] = id.split(' ', 1);
    const number = Number.parseInt(hash('sha256', this.salt + id, 'hex').slice(0, 8), 16);
    return `${budget} ${number % PLACES}`;
  }
}

function highest(one: Counter | undefined, other: Counter, now: number): Counter {
  return {
    used: Math.max(usedOf(one, now), usedOf(other, now)),
    endsAt: Math.max(one?.endsAt ?? 0, other.endsAt),
    refusals: Math.max(refusalsOf(one, now), refusalsOf(other, now)),
    refusalsEndAt: Math.max(one?.refusalsEndAt ?? 0, other.refusalsEndAt),
  };
}

function refusalsOf(counter: Counter | undefined, now: number): number {
  return counter && counter.refusalsEndAt > now ? counter.refusals : 0;
}
