import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { deriveKey } from './derive-key.js';

const IV_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Seals private keys for the database: AES-256-GCM, bound to the key id so that sealed keys cannot
 * be swapped.
 */
export class KeySeal {
  private readonly key: Buffer;

  constructor(secret: string) {
    this.key = deriveKey(secret, 'signing-key-seal');
  }

  /** Seals a key. @returns initialization vector, tag and ciphertext, in base64url */
  seal(kid: string, plaintext: Buffer): string {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.key, iv).setAAD(Buffer.from(kid));
    const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
    return Buffer.concat([iv, cipher.getAuthTag(), ciphertext]).toString('base64url');
  }

  /**
   * Opens a seal.
   * @returns undefined for one of another secret or another key id, and for a damaged one
   */
  open(kid: string, sealed: string): Buffer | undefined {
    const bytes = Buffer.from(sealed, 'base64url');
    try {
      const decipher = createDecipheriv('aes-256-gcm', this.key, bytes.subarray(0, IV_BYTES), {
        authTagLength: TAG_BYTES,
      })
        .setAAD(Buffer.from(kid))
        .setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
      return Buffer.concat([decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]);
    } catch {
      return undefined;
    }
  }
}
