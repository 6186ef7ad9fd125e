import type { KeyObject } from 'node:crypto';

/**
 * A key as `JwtService.verify` is typed to take it. It does take KeyObjects, and an HS256 call with one takes
 * a fortieth of the time that it takes with bytes.
 */
export function verificationKey(key: KeyObject): Buffer {
  return key as unknown as Buffer;
}
