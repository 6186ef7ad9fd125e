import { PLACEHOLDERS, PUBLISHED_SECRETS } from './published-secrets.js';

const MIN_CHARACTERS = 32;
/** Of 370,000 random secrets of 32 hexadecimal digits, one has fewer distinct digits. */
const MIN_DISTINCT = 9;
const ADVICE = 'use a random one, for instance from openssl rand -base64 48';

const PUBLISHED = new Set(PUBLISHED_SECRETS.map(plain));

/** Returns why a secret must not be used, without its content, or undefined for a good secret. */
export function weaknessOf(secret: string): string | undefined {
  if (secret.length < MIN_CHARACTERS) return `must have at least ${MIN_CHARACTERS} characters: ${ADVICE}`;
  if (new Set(secret).size < MIN_DISTINCT) return `must not repeat a few characters: ${ADVICE}`;
  const text = plain(secret);
  if (PUBLISHED.has(text)) return `must not be a published secret: ${ADVICE}`;
  if (PLACEHOLDERS.some((word) => text.includes(word))) return `must not be a placeholder: ${ADVICE}`;
  return undefined;
}

/**
 * Returns the letters and digits of a text, in lower case. Copies of a secret differ in the rest.
 */
function plain(text: string): string {
  return text.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
}
