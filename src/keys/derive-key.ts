import { hkdfSync } from 'node:crypto';

/** A 256-bit key of its own for each purpose, from the one secret (HKDF, RFC 5869). */
export function deriveKey(secret: string, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, 'latchkey', purpose, 32));
}
