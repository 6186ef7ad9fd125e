import type { KeyObject } from 'node:crypto';

/**
 * A key as `JwtService.verify` is typed to take it. It does take KeyObjects, and parses anything else anew at each call.
 */
export function verificationKey(key: KeyObject): Buffer {
  return key as unknown as Buffer;
}
