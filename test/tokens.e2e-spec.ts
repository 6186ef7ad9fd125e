import { createPrivateKey, createPublicKey, generateKeyPairSync, type JsonWebKey } from 'node:crypto';
import jsonwebtoken from 'jsonwebtoken';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PASSWORD, register } from './support/accounts.js';
import { startService, type Service } from './support/service.js';
import {
  CLAIMS,
  claimsOf,
  encodePart,
  HEADER,
  headerOf,
  partOf,
  SIGNATURE,
  withoutSignature,
  withPart,
} from './support/tokens.js';

let service: Service;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.stop());

const getUser = async (access: string) => (await service.client.get('/auth/getuser', access)).status;
const verify = async (token: string) => (await service.client.post('/auth/token/verify', { token })).status;
const refreshA = async (refresh: string) => (await service.client.post('/auth/token/refresh', { refresh })).status;
const refreshB = async (refresh_token: string) =>
  (await service.client.post('/user/login/refresh', { refresh_token })).status;

describe('An access token', () => {
  it('names its account and its session, and nothing else', async () => {
    const { access } = await register(service.client);
    const { kid } = headerOf(access);
    expect(headerOf(access)).toEqual({ alg: 'ES256', typ: 'at+jwt', kid });
    const claims = claimsOf(access);
    expect(Object.keys(claims)).toEqual(['iss', 'sub', 'sid', 'jti', 'iat', 'exp', 'token_type']);
    expect(claims).toMatchObject({ iss: 'http://localhost:3000', token_type: 'access' });
    expect(claims['exp'] - claims['iat']).toBe(900);
  });

  it('can be verified through the JWKS', async () => {
    const { access } = await register(service.client);
    const { body } = await service.client.get('/.well-known/jwks.json');
    const jwk = (body as { keys: (JsonWebKey & { kid: string })[] }).keys.find(
      ({ kid }) => kid === headerOf(access)['kid'],
    );
    const key = createPublicKey({ key: jwk!, format: 'jwk' });
    expect(jsonwebtoken.verify(access, key, { algorithms: ['ES256'] })).toMatchObject({ token_type: 'access' });
    expect(JSON.stringify(jwk)).not.toContain('"d"');
  });

  it('ends after ACCESS_TOKEN_TTL', async () => {
    const { access, refresh } = await register(service.client);
    service.clock.advance(899);
    expect(await getUser(access)).toBe(200);
    service.clock.advance(2);
    expect([await getUser(access), await verify(access)]).toEqual([401, 401]);
    expect(await refreshB(refresh)).toBe(201);
  });

  it('is refused once its account is disabled, deleted, or has ended all sessions', async () => {
    const endings = [
      'UPDATE users SET disabled_at = 1 WHERE username = ?',
      'UPDATE users SET session_epoch = session_epoch + 1 WHERE username = ?',
      'DELETE FROM users WHERE username = ?',
    ];
    for (const sql of endings) {
      const { username, access, refresh } = await register(service.client);
      expect(await getUser(access)).toBe(200);
      await service.dataSource.query(sql, [username]);
      expect([await getUser(access), await verify(access), await refreshA(refresh), await refreshB(refresh)]).toEqual([
        401, 401, 401, 401,
      ]);
    }
  });
});

describe('A refresh token', () => {
  it('has a key, an algorithm and a type of its own', async () => {
    const { refresh } = await register(service.client);
    expect(headerOf(refresh)).toEqual({ alg: 'HS256', typ: 'rt+jwt' });
    expect(Object.keys(claimsOf(refresh))).toEqual(['sub', 'sid', 'counter', 'iat', 'exp', 'token_type']);
  });

  it('is used by a refresh at contract A and not at B, and is then refused at both', async () => {
    const { refresh } = await register(service.client);
    expect(await refreshB(refresh)).toBe(201);
    expect(await refreshA(refresh)).toBe(200);
    service.clock.advance(60);
    expect(await refreshB(refresh)).toBe(401);
    expect(await refreshA(refresh)).toBe(401);
  });

  it('is stored only as a hash', async () => {
    const { refresh } = await register(service.client);
    const rows = await service.dataSource.query<object[]>('SELECT * FROM sessions WHERE id = ?', [
      claimsOf(refresh)['sid'],
    ]);
    expect(rows).toHaveLength(1);
    expect(JSON.stringify(rows)).not.toContain(partOf(refresh, SIGNATURE));
  });

  it('ends after REFRESH_TOKEN_TTL, and is extended by each rotation', async () => {
    const { refresh } = await register(service.client);
    service.clock.advance(6 * 24 * 3600);
    const rotated = await service.client.post('/auth/token/refresh', { refresh });
    expect(rotated.status).toBe(200);
    service.clock.advance(6 * 24 * 3600);
    expect(await refreshB(rotated.body.refresh as string)).toBe(201);
    service.clock.advance(2 * 24 * 3600);
    expect([await refreshB(rotated.body.refresh as string), await refreshA(rotated.body.refresh as string)]).toEqual([
      401, 401,
    ]);
  });

  it('is never extended past SESSION_MAX_AGE', async () => {
    let { refresh } = await register(service.client);
    for (let day = 0; day < 84; day += 6) {
      service.clock.advance(6 * 24 * 3600);
      const reply = await service.client.post('/auth/token/refresh', { refresh });
      expect(reply.status).toBe(200);
      refresh = reply.body.refresh as string;
    }
    const { exp } = claimsOf(refresh);
    service.clock.advance(exp - service.clock.now() / 1000 + 1);
    expect(await refreshA(refresh)).toBe(401);
  });

  it('adds no row when it is rotated', async () => {
    const { refresh } = await register(service.client);
    const count = async () => await service.dataSource.query<object[]>('SELECT COUNT(*) AS n FROM sessions');
    const before = await count();
    await refreshA(refresh);
    expect(await count()).toEqual(before);
  });
});

describe('A forged token', () => {
  const withHeader = (token: string, header: unknown) => withPart(token, HEADER, encodePart(header));
  const forgers = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;

  it.each<[string, (access: string, jwk: JsonWebKey) => string]>([
    ['unsigned', (access) => withoutSignature(withHeader(access, { alg: 'none', typ: 'at+jwt' }))],
    [
      'unsigned with our key id',
      (access) => withoutSignature(withHeader(access, { ...headerOf(access), alg: 'none' })),
    ],
    ['stripped of its signature', withoutSignature],
    [
      'signed by another key',
      (access) =>
        jsonwebtoken.sign(claimsOf(access), forgers, {
          algorithm: 'ES256',
          header: { ...headerOf(access), alg: 'ES256' },
        }),
    ],
    [
      'signed by a key of its own header',
      (access, jwk) =>
        jsonwebtoken.sign(claimsOf(access), forgers, {
          algorithm: 'ES256',
          header: { alg: 'ES256', typ: 'at+jwt', jwk } as never,
        }),
    ],
    [
      'signed with our public key as a secret',
      (access, jwk) =>
        jsonwebtoken.sign(claimsOf(access), JSON.stringify(jwk), {
          algorithm: 'HS256',
          header: { ...headerOf(access), alg: 'HS256' },
        }),
    ],
    ['with other claims', (access) => withPart(access, CLAIMS, encodePart({ ...claimsOf(access), sub: 'another' }))],
    ['spelled otherwise', (access) => `${access}=`],
    [
      'spelled with standard base64',
      (access) => withPart(access, SIGNATURE, Buffer.from(partOf(access, SIGNATURE), 'base64url').toString('base64')),
    ],
    ['with a fourth part', (access) => `${access}.x`],
    ['with claims that are no JSON', () => `${encodePart({ alg: 'ES256', typ: 'JWT' })}.${encodePart('no JSON')}.AAAA`],
    ['with a header that is no object', (access) => withPart(withHeader(access, null), SIGNATURE, 'AAAA')],
    [
      'with a key id that is no text',
      (access) => withPart(withHeader(access, { ...headerOf(access), kid: { a: 1 } }), SIGNATURE, 'AAAA'),
    ],
  ])('is refused: %s', async (_, forge) => {
    const { access } = await register(service.client);
    const jwk = ((await service.client.get('/.well-known/jwks.json')).body as { keys: JsonWebKey[] }).keys[0]!;
    const forged = forge(access, jwk);
    expect([await getUser(forged), await verify(forged), await refreshA(forged), await refreshB(forged)]).toEqual([
      401, 401, 401, 401,
    ]);
  });

  it('is refused if it is of another installation', async () => {
    const other = await startService();
    try {
      const { access, refresh } = await register(other.client);
      expect([await getUser(access), await verify(access), await refreshA(refresh), await refreshB(refresh)]).toEqual([
        401, 401, 401, 401,
      ]);
    } finally {
      await other.stop();
    }
  });
});

describe('Keys', () => {
  it('are shared by instances over one store, and survive a restart', async () => {
    const { username, access, refresh } = await register(service.client);
    const replica = await startService({ store: service.store, clock: service.clock });
    expect((await replica.client.get('/auth/getuser', access)).status).toBe(200);
    expect((await replica.client.post('/auth/token/refresh', { refresh })).status).toBe(200);
    const login = await replica.client.post('/auth/token', { username, password: PASSWORD });
    await replica.stop();
    expect(await getUser(login.body.access as string)).toBe(200);
  });

  it('are sealed in the database', async () => {
    const [row] =
      await service.dataSource.query<{ private_key: string; public_jwk: string }[]>('SELECT * FROM signing_keys');
    const bytes = Buffer.from(row!.private_key, 'base64url');
    for (let start = 0; start < 40; start++)
      expect(() => createPrivateKey({ key: bytes.subarray(start), format: 'der', type: 'pkcs8' })).toThrow();
    expect(row!.public_jwk).not.toContain('"d"');
  });

  it('sealed with another secret stop the start with one line that names AUTH_SECRET', async () => {
    const env = { AUTH_SECRET: 'Zq8vT2mXw5Rk9LpYb3NcHd7JfGs4AeUo6iVt1' };
    await expect(startService({ store: service.store, env })).rejects.toThrow(/^AUTH_SECRET: is not the one/);
  });
});
