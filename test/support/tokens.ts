/** The claims that tokens of this service have, and any others. */
export interface Claims {
  readonly iss: string;
  readonly sub: string;
  readonly sid: string;
  readonly jti: string;
  readonly iat: number;
  readonly exp: number;
  readonly counter: number;
  readonly token_type: string;
  readonly [name: string]: unknown;
}

/** The header members that tokens of this service have, and any others. */
export interface Header {
  readonly alg: string;
  readonly typ: string;
  readonly kid: string;
  readonly [name: string]: unknown;
}

/** The parts of a compact JWT. */
export const HEADER = 0;
export const CLAIMS = 1;
export const SIGNATURE = 2;

/** Returns a part of a token as it is written. */
export function partOf(token: string, index: number): string {
  return token.split('.')[index] ?? '';
}

/** Decodes the header of a token. */
export function headerOf(token: string): Header {
  return decodePart(partOf(token, HEADER)) as Header;
}

/** Decodes the claims of a token. */
export function claimsOf(token: string): Claims {
  return decodePart(partOf(token, CLAIMS)) as Claims;
}

/** Writes a part of a token. @param value text is encoded as it is, anything else as JSON */
export function encodePart(value: unknown): string {
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
}

/** Replaces a part of a token. @param part as it is to be written */
export function withPart(token: string, index: number, part: string): string {
  return token.split('.').with(index, part).join('.');
}

/** Returns a token without its signature, with the dot before it. */
export function withoutSignature(token: string): string {
  return withPart(token, SIGNATURE, '');
}

function decodePart(part: string): unknown {
  return JSON.parse(Buffer.from(part, 'base64url').toString());
}
