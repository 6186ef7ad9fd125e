import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import jsonwebtoken from 'jsonwebtoken';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AppModule as NestExample } from '../examples/nest-passport-jwt/app.module.js';
import { start as startNodeExample } from '../examples/node-jose/server.js';
import { SigningKeysService } from '../src/keys/signing-keys.service.js';
import { register } from './support/accounts.js';
import type { Request } from './support/client.js';
import { type Service, startService } from './support/service.js';
import { CLAIMS, claimsOf, encodePart, HEADER, headerOf, withoutSignature, withPart } from './support/tokens.js';

const ISSUER = 'http://localhost:3000';
const SECRET = randomBytes(24).toString('base64url');
/** A secret with characters that are special in form-encoding, base64 and Basic. */
const ODD_SECRET = 'ä: +%2B/&=';

const hashOf = (secret: string) => createHash('sha256').update(secret).digest('hex');

let service: Service;
beforeAll(async () => {
  const clients = `api:${hashOf(SECRET)}, odd.client~1:${hashOf(ODD_SECRET)}`;
  service = await startService({ env: { INTROSPECTION_CLIENTS: clients } });
});
afterAll(() => service.stop());

const getUser = (access: string) => service.client.get('/auth/getuser', access);
const rotate = async (refresh: string) =>
  (await service.client.post('/auth/token/refresh', { refresh })).body as { access: string; refresh: string };
const logOut = ({ access, refresh }: { access: string; refresh: string }) =>
  service.client.delete('/user/login', { access_token: access, refresh_token: refresh });

/** Runs `work` at a time some seconds away from the present, and returns its result. */
async function at<Result>(seconds: number, work: () => Promise<Result>): Promise<Result> {
  service.clock.advance(seconds);
  try {
    return await work();
  } finally {
    service.clock.advance(-seconds);
  }
}

/** Signs a token with our own key and changed parts; undefined removes a part. */
async function signedByUs(header: object, claims: object): Promise<string> {
  const { kid, privateKey } = await service.app.get(SigningKeysService).findSigning();
  const { access } = await register(service.client);
  const payload = JSON.parse(JSON.stringify({ ...claimsOf(access), ...claims })) as object;
  return jsonwebtoken.sign(payload, privateKey, {
    algorithm: 'ES256',
    header: { alg: 'ES256', typ: 'at+jwt', kid, ...header },
  });
}

interface Running {
  readonly url: string;
  readonly stop: () => Promise<unknown>;
}

const jwksUri = () => `${service.url}/.well-known/jwks.json`;

async function startNode(keys = jwksUri()): Promise<Running> {
  const server = await startNodeExample({ issuer: ISSUER, jwksUri: keys, port: 0 });
  const stop = () => {
    server.closeAllConnections();
    return once(server.close(), 'close');
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, stop };
}

async function startNest(keys = jwksUri()): Promise<Running> {
  const app = await NestFactory.create<NestFastifyApplication>(
    NestExample.forRoot({ issuer: ISSUER, jwksUri: keys }),
    new FastifyAdapter({ forceCloseConnections: true }),
    { logger: false },
  );
  await app.listen(0, '127.0.0.1');
  return { url: `${await app.getUrl()}/`, stop: () => app.close() };
}

describe.each([
  ['node-jose', startNode],
  ['nest-passport-jwt', startNest],
])('The example %s', (_, start) => {
  let example: Running;
  beforeAll(async () => {
    example = await start();
  });
  afterAll(() => example.stop());

  const ask = (authorization?: string) =>
    fetch(example.url, authorization === undefined ? {} : { headers: { authorization } });

  it('accepts an access token, and knows its user', async () => {
    const { access } = await register(service.client);
    for (const scheme of ['Bearer', 'bearer']) {
      const response = await ask(`${scheme} ${access}`);
      expect([response.status, await response.json()]).toEqual([200, { sub: claimsOf(access)['sub'] }]);
    }
  });

  it('asks for a token when the request has none', async () => {
    const response = await ask();
    expect([response.status, response.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
  });

  const others: Record<string, () => Promise<string>> = {
    'a refresh token': async () => (await register(service.client)).refresh,
    'an access token that has expired': () => at(-960, async () => (await register(service.client)).access),
    'an access token of another installation': async () => {
      const other = await startService();
      try {
        return (await register(other.client)).access;
      } finally {
        await other.stop();
      }
    },
    'an access token of another issuer': () => signedByUs({}, { iss: 'https://auth.example.com' }),
    'an access token with other claims': async () => {
      const { access } = await register(service.client);
      return withPart(access, CLAIMS, encodePart({ ...claimsOf(access), sub: 'another' }));
    },
    'an access token with another signature': async () =>
      (await register(service.client)).access.replace(/[^.]{10}$/, 'AAAAAAAAAA'),
    'an access token without a signature': async () => {
      const { access } = await register(service.client);
      return withoutSignature(withPart(access, HEADER, encodePart({ ...headerOf(access), alg: 'none' })));
    },
    'a token of another algorithm, with the public key as its secret': async () => {
      const { access } = await register(service.client);
      const { body } = await service.client.get('/.well-known/jwks.json');
      return jsonwebtoken.sign(claimsOf(access), JSON.stringify(body.keys[0]), {
        algorithm: 'HS256',
        header: { ...headerOf(access), alg: 'HS256' },
      });
    },
    'a token of another type': () => signedByUs({ typ: 'JWT' }, {}),
    'a token of another kind': () => signedByUs({}, { token_type: 'refresh' }),
    'a token that never expires': () => signedByUs({}, { exp: undefined }),
    'a token without a subject': () => signedByUs({}, { sub: undefined }),
    'a token of an unknown key': () => signedByUs({ kid: 'x' }, {}),
    'a string that is not a token': async () => 'x.y.z',
  };

  it.each(Object.entries(others))('refuses %s', async (_name, token) => {
    const response = await ask(`Bearer ${await token()}`);
    const challenge = response.headers.get('www-authenticate');
    expect([response.status, challenge]).toEqual([401, 'Bearer error="invalid_token"']);
  });

  it('accepts an access token even after a logout', async () => {
    const tokens = await register(service.client);
    await logOut(tokens);
    expect((await getUser(tokens.access)).status).toBe(401);
    expect((await ask(`Bearer ${tokens.access}`)).status).toBe(200);
  });
});

// Passport keeps one strategy of each name for a process: the strategy that was registered last.
// So these examples start after the others have stopped.
describe.each([
  ['node-jose', startNode],
  ['nest-passport-jwt', startNest],
])('The example %s without the keys', (_, start) => {
  it('answers 503 and does not blame the token', async () => {
    const { access } = await register(service.client);
    for (const keys of ['http://127.0.0.1:1/', `${service.url}/nothing`, `${service.url}/livez`]) {
      const example = await start(keys);
      const response = await fetch(example.url, { headers: { authorization: `Bearer ${access}` } });
      await example.stop();
      expect([keys, response.status, response.headers.get('www-authenticate')]).toEqual([keys, 503, null]);
    }
  });
});

const basic = (id: string, secret: string) => `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;
const CLIENT = basic('api', SECRET);

const call = (path: string, request: Request, authorization = CLIENT) =>
  service.client.call('POST', path, { ...request, headers: { authorization } });
const introspect = async (token: string) => {
  const reply = await call('/oauth/introspect', { form: { token } });
  expect(reply.status).toBe(200);
  return reply.body as unknown;
};
const revoke = async (token: string) => {
  const reply = await call('/oauth/revoke', { form: { token } });
  expect([reply.status, reply.text]).toEqual([200, '']);
};

describe('Introspection (RFC 7662)', () => {
  const INACTIVE = { active: false };

  it('returns the user and the session of a valid token', async () => {
    const { username, access, refresh } = await register(service.client);
    const { sub, sid, iat, exp } = claimsOf(access);
    const known = { active: true, iss: ISSUER, sub, sid, username };
    expect(await introspect(access)).toEqual({ ...known, token_type: 'Bearer', iat, exp });
    const times = { iat: claimsOf(refresh)['iat'], exp: claimsOf(refresh)['exp'] };
    expect(await introspect(refresh)).toEqual({ ...known, token_type: 'refresh_token', ...times });
  });

  it('gives the same answer for any token_type_hint', async () => {
    const { access, refresh } = await register(service.client);
    for (const token of [access, refresh])
      for (const token_type_hint of ['access_token', 'refresh_token', 'x', ''])
        expect((await call('/oauth/introspect', { form: { token, token_type_hint } })).body).toMatchObject({
          active: true,
        });
  });

  it('keeps its answer out of caches', async () => {
    const reply = await call('/oauth/introspect', { form: { token: 'x' } });
    expect(reply.headers.get('cache-control')).toBe('no-store');
  });

  it.each(['x', 'x.y.z', 'Bearer x', 'ä', 'x'.repeat(8000)])('reports garbage as inactive: %.10s', async (token) => {
    expect(await introspect(token)).toEqual(INACTIVE);
  });

  it('reports tokens of another installation as inactive', async () => {
    const other = await startService();
    const { access, refresh } = await register(other.client);
    await other.stop();
    expect([await introspect(access), await introspect(refresh)]).toEqual([INACTIVE, INACTIVE]);
  });

  it('reports the tokens of a session as inactive right after a logout', async () => {
    const tokens = await register(service.client);
    await logOut(tokens);
    expect([await introspect(tokens.access), await introspect(tokens.refresh)]).toEqual([INACTIVE, INACTIVE]);
  });

  it('reports the tokens of an account as inactive right after it was disabled', async () => {
    const { username, access, refresh } = await register(service.client);
    await service.dataSource.query('UPDATE users SET disabled_at = 1 WHERE username = ?', [username]);
    expect([await introspect(access), await introspect(refresh)]).toEqual([INACTIVE, INACTIVE]);
  });

  it('reports expired tokens as inactive', async () => {
    const { access, refresh } = await register(service.client);
    await at(899, async () => {
      expect(await introspect(access)).toMatchObject({ active: true });
    });
    await at(901, async () => {
      expect([await introspect(access), await introspect(refresh)]).toMatchObject([INACTIVE, { active: true }]);
    });
    await at(604_801, async () => {
      expect(await introspect(refresh)).toEqual(INACTIVE);
    });
  });

  it('reports a used refresh token as active only within the replay window, and ends no session', async () => {
    const { refresh } = await register(service.client);
    const successor = await rotate(refresh);
    expect([await introspect(refresh), await introspect(successor.refresh)]).toMatchObject([
      { active: true },
      { active: true },
    ]);
    await at(31, async () => {
      expect([await introspect(refresh), await introspect(refresh)]).toEqual([INACTIVE, INACTIVE]);
      expect(await introspect(successor.refresh)).toMatchObject({ active: true });
      expect((await getUser(successor.access)).status).toBe(200);
      expect((await service.client.post('/auth/token/refresh', { refresh: successor.refresh })).status).toBe(200);
    });
  });

  it('reports the tokens of a session as inactive after a replay', async () => {
    const { refresh } = await register(service.client);
    const successor = await rotate(refresh);
    await at(31, async () => {
      expect((await service.client.post('/auth/token/refresh', { refresh })).status).toBe(401);
      expect([await introspect(successor.access), await introspect(successor.refresh)]).toEqual([INACTIVE, INACTIVE]);
    });
  });
});

describe('Revocation (RFC 7009)', () => {
  it.each(['access', 'refresh'] as const)('ends the session of the %s token', async (kind) => {
    const tokens = await register(service.client);
    await revoke(tokens[kind]);
    const reply = await getUser(tokens.access);
    expect(reply.status).toBe(401);
    expect(reply.headers.get('www-authenticate')).toContain('error_description="revoked by the client"');
    expect((await service.client.post('/auth/token/refresh', { refresh: tokens.refresh })).status).toBe(401);
    expect((await service.client.post('/user/login/refresh', { refresh_token: tokens.refresh })).status).toBe(401);
    await revoke(tokens[kind]);
  });

  it('ends the session of a used or expired token', async () => {
    const used = await register(service.client);
    const { access } = await rotate(used.refresh);
    await at(31, () => revoke(used.refresh));
    expect((await getUser(access)).status).toBe(401);
    const expired = await register(service.client);
    await at(901, () => revoke(expired.access));
    expect((await service.client.post('/auth/token/refresh', { refresh: expired.refresh })).status).toBe(401);
  });

  it('keeps the reason of a session that has already ended', async () => {
    const tokens = await register(service.client);
    await logOut(tokens);
    await revoke(tokens.refresh);
    expect((await getUser(tokens.access)).headers.get('www-authenticate')).toContain('revoked by logout');
  });

  it('answers 200 to garbage and to tokens of another installation, and ends no session', async () => {
    const { access } = await register(service.client);
    for (const token of ['x', 'x.y.z', withoutSignature(access), `${access}=`]) await revoke(token);
    const other = await startService();
    await revoke((await register(other.client)).refresh);
    await other.stop();
    expect((await getUser(access)).status).toBe(200);
  });

  it('ends no other session of the account', async () => {
    const { username, password, access } = await register(service.client);
    const login = await service.client.post('/auth/token', { username, password });
    await revoke(login.body.refresh as string);
    expect((await getUser(login.body.access as string)).status).toBe(401);
    expect((await getUser(access)).status).toBe(200);
  });
});

describe.each(['/oauth/introspect', '/oauth/revoke'])('A client at %s', (path) => {
  it.each([
    ['an id and a secret', CLIENT],
    ['a lower-case scheme', CLIENT.replace('Basic', 'basic')],
    ['a form-encoded secret', basic('odd.client~1', new URLSearchParams({ s: ODD_SECRET }).toString().slice(2))],
    ['a secret that is not form-encoded', basic('odd.client~1', ODD_SECRET)],
    ['a form-encoded id', basic('%61pi', SECRET)],
  ])('is accepted with %s', async (_, authorization) => {
    expect((await call(path, { form: { token: 'x' } }, authorization)).status).toBe(200);
  });

  const base64 = (text: string) => Buffer.from(text).toString('base64');

  it.each([
    ['no header', undefined],
    ['an empty header', ''],
    ['a wrong secret', basic('api', 'x')],
    ['no secret', basic('api', '')],
    ['the hash as the secret', basic('api', hashOf(SECRET))],
    ['the secret of another client', basic('odd.client~1', SECRET)],
    ['an unknown id', basic('other', SECRET)],
    ['an id in capitals', basic('API', SECRET)],
    ['no id', basic('', SECRET)],
    ['only a colon', basic('', '')],
    ['the scheme alone', 'Basic'],
    ['text that is not base64', 'Basic !!!'],
    ['no colon', `Basic ${base64('api')}`],
    ['an invalid escape', `Basic ${base64('api:%ZZ')}`],
    ['text after the credentials', `${CLIENT} x`],
    ['a bearer token', `Bearer ${base64(`api:${SECRET}`)}`],
  ])('is refused with %s', async (_, authorization) => {
    const { refresh } = await register(service.client);
    const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
    const reply = await service.client.call('POST', path, { form: { token: refresh }, headers });
    expect([reply.status, reply.body]).toEqual([
      401,
      { error: 'invalid_client', error_description: 'the client is unknown or its secret is wrong' },
    ]);
    expect(reply.headers.get('www-authenticate')).toBe('Basic realm="latchkey"');
    expect(await introspect(refresh)).toMatchObject({ active: true });
  });

  it('is refused with its secret in the body', async () => {
    const form = { token: 'x', client_id: 'api', client_secret: SECRET };
    expect((await service.client.call('POST', path, { form })).status).toBe(401);
  });

  it('is refused with an access token of a user', async () => {
    const { access } = await register(service.client);
    const reply = await service.client.call('POST', path, { form: { token: access }, bearer: access });
    expect([reply.status, reply.body.error]).toEqual([401, 'invalid_client']);
  });

  it.each<[string, Request]>([
    ['no body', {}],
    ['an empty form', { raw: ['application/x-www-form-urlencoded', ''] }],
    ['another field', { form: { access_token: 'x' } }],
    ['an empty token', { form: { token: '' } }],
    ['a blank token', { form: { token: ' ' } }],
    [
      'two tokens',
      {
        form: [
          ['token', 'x'],
          ['token', 'y'],
        ],
      },
    ],
  ])('gets 400 for %s', async (_, request) => {
    const reply = await call(path, request);
    expect([reply.status, reply.body]).toEqual([
      400,
      { error: 'invalid_request', error_description: 'token is missing or no text' },
    ]);
  });

  it('gets 400 for a token in the query string', async () => {
    const reply = await call(`${path}?token=x`, { form: {} });
    expect([reply.status, reply.body.error]).toEqual([400, 'invalid_request']);
  });

  it('gets 415 for a body that is not a urlencoded form', async () => {
    const multipart = new FormData();
    multipart.set('token', 'x');
    for (const request of [{ json: { token: 'x' } }, { multipart }, { raw: ['text/plain', 'token=x'] } as const]) {
      const reply = await call(path, request);
      expect([reply.status, reply.body.error]).toEqual([415, 'invalid_request']);
    }
  });

  it('gets 405 for a method other than POST', async () => {
    for (const method of ['GET', 'PUT', 'DELETE']) {
      const reply = await service.client.call(method, path, { headers: { authorization: CLIENT } });
      expect([reply.status, reply.headers.get('allow')]).toEqual([405, 'POST']);
      expect(reply.body).toMatchObject({ error: 'invalid_request' });
    }
  });
});

describe('Metadata (RFC 8414)', () => {
  const PATH = '/.well-known/oauth-authorization-server';
  const metadataOf = (issuer: string, base: string) => ({
    issuer,
    jwks_uri: `${base}/.well-known/jwks.json`,
    response_types_supported: [],
    grant_types_supported: [],
  });
  const endpointsOf = (base: string) => ({
    introspection_endpoint: `${base}/oauth/introspect`,
    introspection_endpoint_auth_methods_supported: ['client_secret_basic'],
    revocation_endpoint: `${base}/oauth/revoke`,
    revocation_endpoint_auth_methods_supported: ['client_secret_basic'],
  });

  it('lists the endpoints', async () => {
    const reply = await service.client.get(PATH);
    expect([reply.status, reply.body]).toEqual([200, { ...metadataOf(ISSUER, ISSUER), ...endpointsOf(ISSUER) }]);
    expect(reply.headers.get('cache-control')).toBe('public, max-age=300');
  });

  it('keeps the trailing slash of the issuer, and leaves it out of the URLs', async () => {
    const env = { ISSUER: 'https://auth.example.com/', INTROSPECTION_CLIENTS: `api:${hashOf(SECRET)}` };
    const replica = await startService({ store: service.store, env });
    const { body } = await replica.client.get(PATH);
    const { access } = await register(replica.client);
    await replica.stop();
    const base = 'https://auth.example.com';
    expect(body).toEqual({ ...metadataOf(`${base}/`, base), ...endpointsOf(base) });
    expect(claimsOf(access)['iss']).toBe(`${base}/`);
  });

  it('lists no endpoints when no client is configured, and every client is refused', async () => {
    const replica = await startService({ store: service.store });
    try {
      expect((await replica.client.get(PATH)).body).toEqual(metadataOf(ISSUER, ISSUER));
      const { access } = await register(replica.client);
      for (const path of ['/oauth/introspect', '/oauth/revoke'])
        for (const authorization of [CLIENT, basic('', ''), 'Basic', '']) {
          const reply = await replica.client.call('POST', path, {
            form: { token: access },
            headers: { authorization },
          });
          expect([reply.status, reply.body.error]).toEqual([401, 'invalid_client']);
        }
      expect((await replica.client.get('/auth/getuser', access)).status).toBe(200);
    } finally {
      await replica.stop();
    }
  });
});
