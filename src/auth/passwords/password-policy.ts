import { Inject, Injectable } from '@nestjs/common';
import { dictionary } from '@zxcvbn-ts/language-common';
import { CONFIG, type Config } from '../../config/config.js';
import { lengthOf } from '../../users/names.js';

const MAX_BYTES = 1024;

/** Which passwords may be chosen (NIST SP 800-63B section 5.1.1.2: length and a blocklist, no rules of composition). */
@Injectable()
export class PasswordPolicy {
  private readonly common: ReadonlySet<string>;

  constructor(@Inject(CONFIG) private readonly config: Config) {
    this.common = new Set(config.PASSWORD_BLOCKLIST ? dictionary['passwords-common'] : []);
  }

  problems(password: string): string[] {
    const normalized = normalizePassword(password);
    const { PASSWORD_MIN_LENGTH } = this.config;
    if (lengthOf(normalized) < PASSWORD_MIN_LENGTH) return [`at least ${PASSWORD_MIN_LENGTH} characters are needed`];
    if (Buffer.byteLength(normalized) > MAX_BYTES) return [`at most ${MAX_BYTES} bytes are allowed`];
    return this.common.has(normalized.toLowerCase()) ? ['this password is too common'] : [];
  }
}

/** NFC, so that a password typed on another keyboard is the same; never trimmed, never cut. */
export function normalizePassword(password: string): string {
  return password.normalize('NFC');
}
