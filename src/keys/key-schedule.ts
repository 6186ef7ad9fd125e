import { DAY_MS } from '../platform/clock/durations.js';
import { MAX_ACCESS_TOKEN_TTL } from '../platform/config/schema.js';
import type { SigningKey } from './signing-key.entity.js';

/**
 * Seconds for which resource servers may cache the JWKS. A key is in it at least that long before
 * it signs.
 */
export const JWKS_MAX_AGE = 300;

/** Seconds after which a replica reads the keys again. */
export const RELOAD_AFTER = 60;

/** How long a new key takes to be known everywhere. Doubled, since clocks differ. */
const LEAD_MS = 2 * (JWKS_MAX_AGE + RELOAD_AFTER) * 1000;

type Scheduled = Pick<SigningKey, 'generation' | 'activeFrom' | 'retiredAt'>;

/**
 * Decides which key signs and which keys verify. The rows and the time alone decide, so that
 * replicas agree without talking to each other. A key signs from its `activeFrom` until that of its
 * successor, and verifies until the last token that it signed has expired.
 */
export class KeySchedule {
  /** @param rotationDays for how many days a key signs */
  constructor(private readonly rotationDays: number) {}

  /**
   * Returns the key that signs now: the newest that has begun to. If an operator retired it, the
   * next key signs before its time. An older key does not sign again, since caches have dropped it,
   * and it may have leaked together with the retired one.
   * @param keys newest first
   */
  signing<Key extends Scheduled>(keys: readonly Key[], now: number): Key | undefined {
    const begun = keys.find((key) => key.activeFrom <= now && mayHaveSigned(key));
    if (begun?.retiredAt === null) return begun;
    return keys
      .filter(({ generation, retiredAt }) => retiredAt === null && generation > (begun?.generation ?? 0))
      .at(-1);
  }

  /**
   * Returns the keys that verify now, which the JWKS shows: future keys, the present one, and old
   * ones until their tokens have expired.
   */
  verifying<Key extends Scheduled>(keys: readonly Key[], now: number): Key[] {
    return keys.filter((key) => key.retiredAt === null && !this.isOutlived(key, keys, now));
  }

  /** Returns when the next key begins to sign, if it is time to make it; otherwise undefined. */
  nextActiveFrom(keys: readonly Scheduled[], now: number): number | undefined {
    const newest = keys.find(({ retiredAt }) => retiredAt === null);
    if (!newest || !this.signing(keys, now)) return now;
    const due = newest.activeFrom + this.rotationDays * DAY_MS;
    return now >= due - LEAD_MS ? this.soonest(now, due) : undefined;
  }

  /** Returns the earliest time from `wanted` on at which a key that is made now may sign. */
  soonest(now: number, wanted = now): number {
    return Math.max(wanted, now + LEAD_MS);
  }

  /**
   * Tells whether a successor has been signing for long enough that all tokens of a key have
   * expired.
   */
  private isOutlived(key: Scheduled, keys: readonly Scheduled[], now: number): boolean {
    const successors = keys.filter((other) => other.generation > key.generation && mayHaveSigned(other));
    const replacedAt = Math.min(...successors.map(({ activeFrom }) => activeFrom));
    return now > replacedAt + MAX_ACCESS_TOKEN_TTL * 1000 + LEAD_MS;
  }
}

/** Tells whether a key was not retired before it began to sign. */
function mayHaveSigned({ activeFrom, retiredAt }: Scheduled): boolean {
  return retiredAt === null || activeFrom < retiredAt;
}
