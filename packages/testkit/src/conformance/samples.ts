/** Values that no field accepts as a text. */
export const NOT_TEXTS: unknown[] = [5, true, false, null, ['a'], { $ne: null }, '\ud800', 'x\udfff'];

/** Strings that are not tokens. */
export const NOT_TOKENS = ['x', 'a.b.c', '..', 'null', 'é.é.é'];

/** Passwords that only a rule about their composition would refuse. */
export const ANY_COMPOSITION = [
  // 64 small letters
  'qkzvwbxjhpmfgtydlcnrsueaio'.repeat(3).slice(7, 71),
  'QZBJVWKXPD',
  '70416385927',
  '[}~|^{]?;',
  'a b c d e',
  'пароль без латиницы',
];
