import { createHash } from 'node:crypto';
import type { KeyPair } from '../keys/key-pair.js';

/** A JWKS document (RFC 7517), ready to be sent. */
export interface KeySet {
  readonly body: string;
  /** Strong entity tag (RFC 9110 section 8.8.3). */
  readonly etag: string;
}

/** Builds the document of a list of keys, and caches it until the list changes. */
export class KeySets {
  private latest: KeySet | undefined;
  private latestIds = '';

  of(keys: readonly KeyPair[]): KeySet {
    const ids = keys.map(({ kid }) => kid).join();
    if (this.latest && this.latestIds === ids) return this.latest;
    const body = JSON.stringify({
      keys: keys.map(({ kid, publicJwk }) => ({ ...publicJwk, kid, alg: 'ES256', use: 'sig' })),
    });
    const etag = `"${createHash('sha256').update(body).digest('base64url')}"`;
    this.latestIds = ids;
    return (this.latest = { body, etag });
  }
}

/**
 * Returns whether an `If-None-Match` (RFC 9110 section 13.1.2) names an entity tag, weak or strong.
 * @param etag without commas
 */
export function matchesEtag(ifNoneMatch: string | undefined, etag: string): boolean {
  return (ifNoneMatch ?? '')
    .split(',')
    .map((tag) => tag.trim())
    .some((tag) => tag === '*' || tag === etag || tag === `W/${etag}`);
}
