import { MAX_ACCESS_TOKEN_TTL } from '../platform/config/schema.js';
import type { SigningKey } from './signing-key.entity.js';

/** Seconds for which others may keep the JWKS: a key stands in it at least that long before it signs. */
export const JWKS_MAX_AGE = 300;

/** Seconds for which a replica goes by the keys that it has read, at most. */
export const RELOAD_AFTER = 60;

/** Time that a new key takes to be known everywhere, with room for clocks that differ by as much again. */
const LEAD_MS = 2 * (JWKS_MAX_AGE + RELOAD_AFTER) * 1000;

const DAY_MS = 24 * 3600 * 1000;

type Scheduled = Pick<SigningKey, 'generation' | 'activeFrom' | 'retiredAt'>;

/**
 * When which key signs and verifies: a function of the rows and the time alone, so that replicas agree without talking to each other.
 * A key signs from its `activeFrom` until its successor's, and verifies until the last token that it signed has expired.
 */
export class KeySchedule {
  /** @param rotationDays days for which a key signs */
  constructor(private readonly rotationDays: number) {}

  /**
   * The key that signs now, of keys newest first: the newest that has begun to. Where that was retired no older one takes its
   * place, which caches have dropped and which may be lost with it, but the next one, before its time.
   */
  signing<Key extends Scheduled>(keys: readonly Key[], now: number): Key | undefined {
    const begun = keys.find((key) => key.activeFrom <= now && mayHaveSigned(key));
    if (begun?.retiredAt === null) return begun;
    return keys
      .filter(({ generation, retiredAt }) => retiredAt === null && generation > (begun?.generation ?? 0))
      .at(-1);
  }

  /** The keys that verify now, and that the JWKS shows: those to come, the present one, and old ones for as long as their tokens live. */
  verifying<Key extends Scheduled>(keys: readonly Key[], now: number): Key[] {
    return keys.filter((key) => key.retiredAt === null && !this.isSpent(key, keys, now));
  }

  /** When a next key should begin to sign, if it is time to make one; else undefined. */
  nextActiveFrom(keys: readonly Scheduled[], now: number): number | undefined {
    const newest = keys.find(({ retiredAt }) => retiredAt === null);
    if (!newest || !this.signing(keys, now)) return now;
    const due = newest.activeFrom + this.rotationDays * DAY_MS;
    return now >= due - LEAD_MS ? this.soonest(now, due) : undefined;
  }

  /** The soonest moment from which a key that is made now may sign. */
  soonest(now: number, wanted = now): number {
    return Math.max(wanted, now + LEAD_MS);
  }

  /** Its successor has been signing for longer than its last token lived. */
  private isSpent(key: Scheduled, keys: readonly Scheduled[], now: number): boolean {
    const successors = keys.filter((other) => other.generation > key.generation && mayHaveSigned(other));
    const replacedAt = Math.min(...successors.map(({ activeFrom }) => activeFrom));
    return now > replacedAt + MAX_ACCESS_TOKEN_TTL * 1000 + LEAD_MS;
  }
}

/** Not one that was retired before its time came. */
function mayHaveSigned({ activeFrom, retiredAt }: Scheduled): boolean {
  return retiredAt === null || activeFrom < retiredAt;
}
