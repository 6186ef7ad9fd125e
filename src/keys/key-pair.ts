import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { KeySeal } from './key-seal.js';
import type { SigningKey } from './signing-key.entity.js';

/** A public key as the JWKS shows it (RFC 7517). */
export interface PublicJwk {
  readonly kty: string;
  readonly crv: string;
  readonly x: string;
  readonly y: string;
}

/** A signing key in use, as KeyObjects: the JWT library would parse any other form at each call. */
export interface KeyPair {
  readonly kid: string;
  readonly publicJwk: PublicJwk;
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

/** Injection token of the function that makes key pairs, {@link newKeyPair}. */
export const NEW_KEY_PAIR = Symbol('NewKeyPair');

/** Makes a P-256 key pair (ES256, RFC 7518 section 3.4). */
export function newKeyPair(): KeyPair {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { kty, crv, x, y } = publicKey.export({ format: 'jwk' }) as Record<keyof PublicJwk, string>;
  return { kid: thumbprint({ kty, crv, x, y }), publicJwk: { kty, crv, x, y }, publicKey, privateKey };
}

/** Returns the part of a {@link SigningKey} that holds the pair. */
export function sealed(pair: KeyPair, seal: KeySeal): Pick<SigningKey, 'kid' | 'publicJwk' | 'privateKey'> {
  const pkcs8 = pair.privateKey.export({ format: 'der', type: 'pkcs8' });
  return { kid: pair.kid, publicJwk: JSON.stringify(pair.publicJwk), privateKey: seal.seal(pair.kid, pkcs8) };
}

/** Opens the pair of a row. @returns undefined where it was sealed with another secret */
export function unsealed(row: SigningKey, seal: KeySeal): KeyPair | undefined {
  const pkcs8 = seal.open(row.kid, row.privateKey);
  if (!pkcs8) return undefined;
  const publicJwk = JSON.parse(row.publicJwk) as PublicJwk;
  const privateKey = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
  return { kid: row.kid, publicJwk, publicKey: createPublicKey(privateKey), privateKey };
}

/** Returns the hash of the required members in lexicographic order (RFC 7638). */
function thumbprint({ kty, crv, x, y }: PublicJwk): string {
  return createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url');
}
