/**
 * A JWS in compact form (RFC 7515 section 7.1).
 * @param header its bytes are the token's; the same header is written the same way each time
 * @param sign the signature of a text, in base64url
 */
export function compactJws(header: object, claims: object, sign: (text: string) => string): string {
  const text = `${encoded(header)}.${encoded(claims)}`;
  return `${text}.${sign(text)}`;
}

/** The part of a compact JWS that a value takes. */
export function encoded(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
