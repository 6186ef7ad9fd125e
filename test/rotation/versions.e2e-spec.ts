import { createHash, createSecretKey } from 'node:crypto';
import jsonwebtoken from 'jsonwebtoken';
import { describe, expect, it } from 'vitest';
import { deriveKey } from '../../src/keys/derive-key.js';
import { CONFIG, type Config } from '../../src/platform/config/config.js';
import { register } from '../support/accounts.js';
import { claimsOf } from '../support/tokens.js';
import { replicasOfFile, sessionOf } from './replicas.js';

const replicas = replicasOfFile();
const { refresh, refreshB, getUser, challengeOf } = replicas;

describe('A refresh token with other claims, signed by this service,', () => {
  type Claims = Record<string, unknown>;
  const rowOf = (token: string) =>
    replicas.one.dataSource.query<object[]>('SELECT * FROM sessions WHERE id = ?', [sessionOf(token)]);

  /** Makes a token of other claims the current one of its session. */
  async function exchanged(token: string, change: (claims: Claims) => Claims): Promise<string> {
    const key = createSecretKey(deriveKey(replicas.one.app.get<Config>(CONFIG).AUTH_SECRET, 'refresh-token'));
    const other = jsonwebtoken.sign(change(claimsOf(token)), key, { header: { alg: 'HS256', typ: 'rt+jwt' } });
    const digest = createHash('sha256').update(other).digest('hex');
    await replicas.one.dataSource.query('UPDATE sessions SET refresh_hash = ? WHERE id = ?', [
      digest,
      sessionOf(token),
    ]);
    return other;
  }
  const firstVersion = ({ sub, ...claims }: Claims) => (sub === undefined ? {} : claims);

  it('is the same text if it is signed again with the same claims', async () => {
    const { refresh: token } = await register(replicas.one.client);
    expect(await exchanged(token, (claims) => claims)).toBe(token);
  });

  it('is rotated to a token of the present version if it is of the first version, without an account', async () => {
    const { refresh: token, access } = await register(replicas.one.client);
    const old = await exchanged(token, firstVersion);
    expect(Object.keys(claimsOf(old))).toEqual(['sid', 'counter', 'iat', 'exp', 'token_type']);
    expect((await refreshB(old)).status).toBe(201);
    const next = await refresh(old);
    expect(next.status).toBe(200);
    expect(claimsOf(next.refresh)).toMatchObject({ sub: claimsOf(access)['sub'], sid: sessionOf(access), counter: 1 });
    expect((await getUser(next.access)).status).toBe(200);
    // The parent gets the same successor again, which is a token like any other.
    expect(await refresh(old, replicas.other)).toMatchObject({ status: 200, refresh: next.refresh });
    expect((await refresh(next.refresh)).status).toBe(200);
    expect((await refresh(old)).status).toBe(401);
    expect(await challengeOf(access)).toContain('revoked by replay');
  });

  it('is refused if it is of the first version and has expired, or its session was logged out', async () => {
    const expired = await register(replicas.one.client);
    const old = await exchanged(expired.refresh, firstVersion);
    const loggedOut = await register(replicas.one.client);
    const other = await exchanged(loggedOut.refresh, firstVersion);
    await replicas.one.client.delete('/user/login', { access_token: loggedOut.access, refresh_token: other });
    expect((await refresh(other)).status).toBe(401);
    replicas.one.clock.advance(7 * 24 * 3600);
    expect((await refresh(old)).status).toBe(401);
  });

  it.each(['another', 'an unknown'])('is refused and changes nothing if it has the id of %s account', async (whose) => {
    const another = await register(replicas.one.client);
    const account = await register(replicas.one.client);
    const sub = whose === 'an unknown' ? 'unknown' : claimsOf(another.access)['sub'];
    const forged = await exchanged(account.refresh, (claims) => ({ ...claims, sub }));
    const before = await rowOf(forged);
    expect([(await refresh(forged)).status, (await refreshB(forged)).status]).toEqual([401, 401]);
    expect(await rowOf(forged)).toEqual(before);
    for (const { access } of [account, another]) expect((await getUser(access)).status).toBe(200);
    expect((await refresh(another.refresh)).status).toBe(200);
  });
});
