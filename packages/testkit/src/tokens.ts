import { type KeyObject, randomUUID, sign } from 'node:crypto';
import { newKeyPair } from '../../../src/keys/key-pair.js';
import { SigningKeysService } from '../../../src/keys/signing-keys.service.js';
import { SessionsService } from '../../../src/sessions/sessions.service.js';
import { compactJws } from '../../../src/sessions/tokens/compact-jws.js';
import { SessionsRepository } from '../../../src/users/sessions.repository.js';
import type { User } from '../../../src/users/user.entity.js';
import { ORIGIN } from './accounts.js';
import type { Flaw, TokenOptions, TokenPair } from './client/latchkey.js';
import type { Tenant } from './tenant.js';

/** Every flaw. A resource server must refuse a token with any of them. */
export const FLAWS = [
  'expired',
  'foreign-key',
  'unknown-kid',
  'alg-none',
  'tampered',
  'wrong-issuer',
  'refresh-as-access',
  'logged-out',
] as const satisfies readonly Flaw[];

const HOUR = 3600;

/** Opens a session for an account, and signs its tokens, without a password. */
export async function mintPair(tenant: Tenant, user: User, request: TokenOptions): Promise<TokenPair> {
  const { sid, tokens } = await tenant.get(SessionsService).create(user, ORIGIN);
  if (Object.keys(request).length === 0) return { ...tokens, sid };
  const { flaw } = request;
  if (flaw === 'refresh-as-access') return { ...tokens, access: tokens.refresh, sid };
  if (flaw === 'logged-out') await tenant.get(SessionsRepository).revoke(sid, 'logout');
  return { ...tokens, access: await signAccess(tenant, { sub: user.id, sid }, request), sid };
}

/** Signs an access token as the service does, but for what was asked. */
async function signAccess(
  tenant: Tenant,
  subject: { sub: string; sid: string },
  { expires_in, issued_at, claims: more, flaw }: TokenOptions,
): Promise<string> {
  const { ISSUER, ACCESS_TOKEN_TTL } = tenant.config;
  const lifetime = expires_in ?? ACCESS_TOKEN_TTL;
  const now = Math.floor(tenant.clock.now() / 1000);
  const iat = issued_at ?? (flaw === 'expired' ? now - lifetime - HOUR : now);
  const iss = flaw === 'wrong-issuer' ? `${ISSUER}/another` : ISSUER;
  const claims = { iss, ...subject, jti: randomUUID(), iat, exp: iat + lifetime, token_type: 'access', ...more };
  const pair = await tenant.get(SigningKeysService).findSigning();
  const kid = flaw === 'unknown-kid' ? `testkit-${randomUUID()}` : pair.kid;
  const key = flaw === 'foreign-key' || flaw === 'unknown-kid' ? newKeyPair().privateKey : pair.privateKey;
  const header = { alg: flaw === 'alg-none' ? 'none' : 'ES256', typ: 'at+jwt', kid };
  const token = compactJws(header, claims, (text) => (flaw === 'alg-none' ? '' : signatureOf(key, text)));
  return flaw === 'tampered' ? withPayload(token, { ...claims, sub: randomUUID() }) : token;
}

/** Replaces the claims of a token, and leaves its signature. */
function withPayload(token: string, claims: object): string {
  const [header, , signature] = token.split('.');
  return [header, Buffer.from(JSON.stringify(claims)).toString('base64url'), signature].join('.');
}

function signatureOf(key: KeyObject, text: string): string {
  return sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url');
}
