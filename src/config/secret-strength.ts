/** Words of examples, tutorials and placeholders; a secret made of them is known to everybody. */
const WELL_KNOWN =
  /change.?(me|this|it)|secret|password|passw0rd|example|placeholder|your.?(key|jwt|auth|token|own|super)|replace|insert|default|sample|development|testing|qwerty|0123456|1234567|abcdefg|latchkey/i;

const MIN_CHARACTERS = 32;
const MIN_DISTINCT = 12;

/**
 * Why a secret must not be used, or undefined for a good one. Says nothing of its content.
 * Well-known words count only where what is left without them is too short to be a secret of its own.
 */
export function weaknessOf(secret: string): string | undefined {
  if (secret.length < MIN_CHARACTERS) return `must have at least ${MIN_CHARACTERS} characters`;
  if (new Set(secret).size < MIN_DISTINCT) return 'must be random: it repeats too few characters';
  const unknown = secret.replaceAll(new RegExp(WELL_KNOWN, 'gi'), '');
  if (unknown.length < MIN_CHARACTERS && unknown !== secret) return 'must be random: it is made of well-known words';
  return undefined;
}
