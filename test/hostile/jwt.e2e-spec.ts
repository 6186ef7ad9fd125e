import { createHash, createHmac, createPublicKey, generateKeyPairSync, type JsonWebKey, sign } from 'node:crypto';
import { CompactEncrypt, FlattenedSign } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CONFIG, type Config } from '../../src/platform/config/config.js';
import { deriveKey } from '../../src/keys/derive-key.js';
import { SigningKeysService } from '../../src/keys/signing-keys.service.js';
import { register, signUp } from '../support/accounts.js';
import { answerTo, bytesOf, exchange } from '../support/raw-http.js';
import { type Service, startService } from '../support/service.js';
import { CLAIMS, claimsOf, encodePart, HEADER, headerOf, partOf, SIGNATURE, withPart } from '../support/tokens.js';

const CLIENT = { id: 'resource-server', secret: 'a-secret-of-its-own' };
const BASIC = `Basic ${Buffer.from(`${CLIENT.id}:${CLIENT.secret}`).toString('base64')}`;
const ENV = {
  INTROSPECTION_CLIENTS: `${CLIENT.id}:${createHash('sha256').update(CLIENT.secret).digest('hex')}`,
  RATE_LIMIT: 'off',
};

let service: Service;
let other: Service;
let victim: Awaited<ReturnType<typeof signUp>>;
beforeAll(async () => {
  [service, other] = await Promise.all([startService({ env: ENV }), startService({ env: ENV })]);
});
beforeEach(async () => {
  victim = await signUp(service.client);
});
afterAll(() => Promise.all([service.stop(), other.stop()]));

type Json = Record<string, unknown>;

const withHeader = (token: string, change: Json) =>
  withPart(token, HEADER, encodePart({ ...headerOf(token), ...change }));
const withSignature = (token: string, signature: Buffer | string) =>
  withPart(token, SIGNATURE, typeof signature === 'string' ? signature : signature.toString('base64url'));
const hmac = (text: string, key: Buffer | string) => createHmac('sha256', key).update(text).digest('base64url');

const FORGER = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const FORGED_JWK = { ...FORGER.publicKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig' };

/** Returns a token that an attacker signed with a key of their own. */
function forgeToken(header: Json, claims: unknown): string {
  const text = `${encodePart(header)}.${encodePart(claims)}`;
  return `${text}.${sign('sha256', Buffer.from(text), { key: FORGER.privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
}

/** Returns a token that is signed with the current key of the service. */
async function signToken(claims: unknown, header: Json = {}): Promise<string> {
  const { kid, privateKey } = await service.app.get(SigningKeysService).findSigning();
  const text = `${encodePart({ alg: 'ES256', typ: 'at+jwt', kid, ...header })}.${encodePart(claims)}`;
  return `${text}.${sign('sha256', Buffer.from(text), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
}

/** Returns a refresh token that is signed with the key of the service. */
function signRefreshToken(claims: unknown): string {
  const key = deriveKey(service.app.get<Config>(CONFIG).AUTH_SECRET, 'refresh-token');
  const text = `${encodePart({ alg: 'HS256', typ: 'rt+jwt' })}.${encodePart(claims)}`;
  return `${text}.${hmac(text, key)}`;
}

async function publicJwk(): Promise<JsonWebKey> {
  return ((await service.client.get('/.well-known/jwks.json')).body as { keys: JsonWebKey[] }).keys[0]!;
}

/**
 * Presents a token to every route that takes one.
 * @returns the routes that did not refuse the token, with their statuses
 */
async function acceptedAt(token: string): Promise<string[]> {
  const json = (path: string, body: Json) => ({ path, body: JSON.stringify(body), type: 'application/json' });
  const form = (path: string) => ({
    path,
    body: new URLSearchParams({ token }).toString(),
    type: 'application/x-www-form-urlencoded',
  });
  const presented = [
    json('/auth/token/verify', { token }),
    json('/auth/token/refresh', { refresh: token }),
    json('/auth/token/refresh', { token }),
    json('/user/login/refresh', { refresh_token: token }),
    { ...json('/user/login', { access_token: token, refresh_token: victim.refresh }), method: 'DELETE' },
    { ...json('/user/login', { access_token: victim.access, refresh_token: token }), method: 'DELETE' },
    form('/oauth/introspect'),
    form('/oauth/revoke'),
  ];
  const accepted: string[] = [];
  for (const { path, body, type, method = 'POST' } of presented.map((each) => ({ method: 'POST', ...each }))) {
    const headers = { 'content-type': type, ...(path.startsWith('/oauth') && { authorization: BASIC }) };
    const response = await fetch(service.url + path, { method, body, headers });
    const isRefused = path.startsWith('/oauth')
      ? response.status === 200 && /^(\{"active":false\})?$/.test(await response.text())
      : response.status === 401 || response.status === 413;
    // A blank token counts as a missing field, which is refused with 400.
    if (!isRefused && !(response.status === 400 && token.trim() === ''))
      accepted.push(`${method} ${path}: ${response.status}`);
  }
  // A header carries one byte a character. The parser would refuse any other text.
  const line = /[^\t\x20-\x7e\x80-\xff]/.test(token) ? encodePart(token) : token;
  const request = { target: '/auth/getuser', headers: [['Authorization', `Bearer ${line}`]] as const };
  const { status } = await answerTo(service.url, request);
  if (status !== 401 && status !== 431) accepted.push(`GET /auth/getuser: ${status}`);
  return accepted;
}

/** Checks that no presented token has ended the victim's session or rotated its refresh token. */
async function expectVictimUnharmed(): Promise<void> {
  expect((await service.client.get('/auth/getuser', victim.access)).status).toBe(200);
  expect((await service.client.post('/user/login/refresh', { refresh_token: victim.refresh })).status).toBe(201);
}

async function expectRefused(...tokens: string[]): Promise<void> {
  for (const token of tokens) expect(await acceptedAt(token), token.slice(0, 200)).toEqual([]);
  await expectVictimUnharmed();
}

describe('Tokens without a signature', () => {
  it.each(['none', 'None', 'NONE', 'nOnE', 'none ', 'no\u006ee', '', 'null', 'ES256\0', 'es256', 'HS256,none'])(
    'are refused with alg %j',
    async (alg) => {
      const tokens = [victim.access, victim.refresh].flatMap((token) => [
        withSignature(withHeader(token, { alg }), ''),
        withHeader(token, { alg }),
        `${encodePart({ alg })}.${partOf(token, CLAIMS)}.`,
      ]);
      await expectRefused(...tokens);
    },
  );

  it.each<[string, unknown]>([
    ['no alg', undefined],
    ['null', null],
    ['a list', ['ES256', 'none']],
    ['an object', { toString: 'none' }],
    ['a boolean', false],
    ['a number', 0],
  ])('are refused with %s as alg', async (_, alg) => {
    await expectRefused(...[victim.access, victim.refresh].map((token) => withHeader(token, { alg })));
  });
});

describe('Tokens under another algorithm', () => {
  it.each(['HS256', 'HS384', 'HS512'])('are refused with %s and any form of the public key as secret', async (alg) => {
    const jwk = await publicJwk();
    const key = createPublicKey({ key: jwk, format: 'jwk' });
    const pem = key.export({ type: 'spki', format: 'pem' }) as string;
    const secrets = [
      pem,
      pem.trim(),
      pem.replaceAll('\n', '\r\n'),
      key.export({ type: 'spki', format: 'der' }),
      JSON.stringify(jwk),
      JSON.stringify({ keys: [jwk] }),
      Buffer.from(jwk.x!, 'base64url'),
      Buffer.concat([Buffer.from([4]), Buffer.from(jwk.x!, 'base64url'), Buffer.from(jwk.y!, 'base64url')]),
      headerOf(victim.access).kid,
      '',
    ];
    const headers = [
      { ...headerOf(victim.access), alg },
      { alg, typ: 'JWT' },
      { alg, typ: 'rt+jwt' },
      { alg, typ: 'at+jwt' },
    ];
    const texts = headers.flatMap((header) =>
      [partOf(victim.access, CLAIMS), partOf(victim.refresh, CLAIMS)].map(
        (claims) => `${encodePart(header)}.${claims}`,
      ),
    );
    const digest = alg.replace('HS', 'sha');
    const tokens = secrets.flatMap((secret) =>
      texts.map((text) => `${text}.${createHmac(digest, secret).update(text).digest('base64url')}`),
    );
    for (const token of tokens) {
      expect((await service.client.post('/auth/token/verify', { token })).status).toBe(401);
      expect((await service.client.get('/auth/getuser', token)).status).toBe(401);
      expect((await service.client.post('/auth/token/refresh', { refresh: token })).status).toBe(401);
    }
    await expectVictimUnharmed();
  });

  it('are refused in place of the other kind of token', async () => {
    const { access, refresh } = victim;
    expect((await service.client.post('/auth/token/verify', { token: refresh })).status).toBe(401);
    expect((await service.client.get('/auth/getuser', refresh)).status).toBe(401);
    expect((await service.client.post('/auth/token/refresh', { refresh: access })).status).toBe(401);
    expect((await service.client.post('/user/login/refresh', { refresh_token: access })).status).toBe(401);
    for (const [access_token, refresh_token] of [
      [refresh, access],
      [access, access],
      [refresh, refresh],
    ])
      expect((await service.client.delete('/user/login', { access_token, refresh_token })).status).toBe(401);
    await expectVictimUnharmed();
  });
});

describe('Tokens with a forged header', () => {
  it.each<[string, Json]>([
    ['a jwk', { jwk: FORGED_JWK }],
    ["a jwk under the service's kid", { jwk: { ...FORGED_JWK, kid: 'ours' }, kid: 'ours' }],
    ['a jku', { jku: 'http://127.0.0.1:9/jwks.json' }],
    ['a file as jku', { jku: 'file:///dev/zero' }],
    ['an x5u', { x5u: 'http://127.0.0.1:9/certificate.pem' }],
    ['an x5c', { x5c: [FORGER.publicKey.export({ type: 'spki', format: 'der' }).toString('base64')] }],
    ['a path as kid', { kid: '../../../../dev/null' }],
    ['an empty file as kid', { kid: '/proc/sys/kernel/randomize_va_space' }],
    ['SQL as kid', { kid: "' UNION SELECT 'x' -- " }],
    ['a command as kid', { kid: '| sleep 10' }],
    ['NUL in a kid', { kid: 'ours\0' }],
    ['a prototype as kid', { kid: '__proto__' }],
    ['a constructor as kid', { kid: 'constructor' }],
    ['no kid', { kid: undefined }],
    ['an empty kid', { kid: '' }],
    ['null as kid', { kid: null }],
    ['a list as kid', { kid: ['ours'] }],
    ['a very long kid', { kid: 'k'.repeat(3_000) }],
    ['lone surrogates in a kid', { kid: '\ud800' }],
    ['crit', { crit: ['exp'] }],
    ['an unencoded payload', { b64: false, crit: ['b64'] }],
    ['compression', { zip: 'DEF' }],
    ['encryption', { enc: 'A256GCM', alg: 'dir' }],
    ['a content type', { cty: 'JWT' }],
  ])('are refused: %s', async (_, change) => {
    const ours = headerOf(victim.access)['kid'];
    const named = {
      ...change,
      ...(JSON.parse(JSON.stringify(change).replaceAll('"ours', `"${ours}`)) as Json),
    };
    const forged = forgeToken({ alg: 'ES256', typ: 'at+jwt', kid: ours, ...named }, claimsOf(victim.access));
    const changed = [victim.access, victim.refresh].map((token) => withHeader(token, change));
    await expectRefused(forged, ...changed.filter((token) => token !== victim.refresh));
  });

  it.each<[string, Json]>([
    ['crit', { crit: ['exp'] }],
    ['an empty crit', { crit: [] }],
    ['an unencoded payload', { b64: false, crit: ['b64'] }],
    ['another type', { typ: 'JWT' }],
    ['the type in capitals', { typ: 'AT+JWT' }],
    ['no type', { typ: undefined }],
  ])('are refused even under a signature of the service: %s', async (_, change) => {
    await expectRefused(await signToken(claimsOf(victim.access), change));
  });
});

describe('Signatures', () => {
  it('are refused when they are missing, zero, cut, extended or of another token', async () => {
    const own = Buffer.from(partOf(victim.access, SIGNATURE), 'base64url');
    const zeros = Buffer.alloc(64);
    const order = Buffer.from('ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551', 'hex');
    const signatures: (Buffer | string)[] = [
      '',
      zeros,
      Buffer.alloc(0),
      Buffer.alloc(64, 0xff),
      Buffer.concat([order, order]),
      Buffer.concat([own.subarray(0, 32), Buffer.alloc(32)]),
      Buffer.concat([Buffer.alloc(32), own.subarray(32)]),
      own.subarray(0, 63),
      Buffer.concat([own, Buffer.alloc(1)]),
      Buffer.concat([own, own]),
      // The DER encoding of r = 0 and s = 0.
      Buffer.from('3006020100020100', 'hex'),
      derOf(own),
      partOf(victim.refresh, SIGNATURE),
      Buffer.from(partOf(victim.refresh, SIGNATURE), 'base64url'),
    ];
    await expectRefused(
      ...signatures.map((signature) => withSignature(victim.access, signature)),
      ...signatures.slice(0, 8).map((signature) => withSignature(victim.refresh, signature)),
    );
  });

  it('are refused in any encoding but canonical base64url', async () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const spellings = [victim.access, victim.refresh].flatMap((token) => {
      const [header = '', claims = '', signature = ''] = token.split('.');
      const last = alphabet.indexOf(signature.at(-1)!);
      return [
        `${token}=`,
        `${token}==`,
        `${header}=.${claims}=.${signature}`,
        // Changes only the unused bits of the last base64 character.
        `${header}.${claims}.${signature.slice(0, -1)}${alphabet[last ^ 1]!}`,
        `${header}.${claims}.${Buffer.from(signature, 'base64url').toString('base64')}`,
        `${header}.${claims}.${Buffer.from(signature, 'base64url').toString('hex')}`,
        `${header}.${claims}.${signature.slice(0, 10)}\n${signature.slice(10)}`,
        `${header}.${claims}.${signature.slice(0, 10)}!${signature.slice(10)}`,
        token.replaceAll('.', '%2e'),
        token.replaceAll('.', '\u3002'),
        encodeURIComponent(`"${token}"`),
      ];
    });
    await expectRefused(...spellings);
  });

  it('are malleable, but (r, n - s) gives no more access than (r, s)', async () => {
    const twin = withSignature(victim.access, mirrored(Buffer.from(partOf(victim.access, SIGNATURE), 'base64url')));
    expect(twin).not.toBe(victim.access);
    expect((await service.client.get('/auth/getuser', twin)).body).toEqual({ username: victim.username });
    // A logout must therefore end the session, since a list of revoked token texts would miss one.
    await service.client.delete('/user/login', { access_token: twin, refresh_token: victim.refresh });
    for (const token of [twin, victim.access])
      expect((await service.client.post('/auth/token/verify', { token })).status).toBe(401);
  });
});

describe('Texts that are not a compact JWS', () => {
  it('are refused with white space, quotes, wrong parts or too much length', async () => {
    const tokens = [victim.access, victim.refresh].flatMap((token) => [
      ` ${token}`,
      `\t${token}`,
      `${token}\0`,
      `${token}\r\n`,
      `\ufeff${token}`,
      `"${token}"`,
      `Bearer ${token}`,
      `${token},${token}`,
      `${token}.`,
      `.${token}`,
      `${token}.${partOf(token, SIGNATURE)}`,
      `${partOf(token, HEADER)}..${partOf(token, SIGNATURE)}`,
      '..',
      '...',
      '....',
      '.'.repeat(5_000),
      'a'.repeat(6_000),
      `${encodePart({ alg: 'ES256', kid: 'k'.repeat(5_000) })}.${partOf(token, CLAIMS)}.${partOf(token, SIGNATURE)}`,
      encodePart('[[[['.repeat(1_000)),
      `${encodePart(`${'['.repeat(3_000)}${']'.repeat(3_000)}`)}.${partOf(token, CLAIMS)}.${partOf(token, SIGNATURE)}`,
      `${encodePart('"alg"')}.${encodePart('1')}.${partOf(token, SIGNATURE)}`,
      `${encodePart('{"alg":"ES256"')}.${partOf(token, CLAIMS)}.${partOf(token, SIGNATURE)}`,
    ]);
    // HTTP strips white space around the value of a header.
    for (const token of tokens)
      expect(
        (await acceptedAt(token)).filter((where) => !where.startsWith('GET') || token.trim() === token),
        JSON.stringify(token.slice(0, 100)),
      ).toEqual([]);
    await expectVictimUnharmed();
  });

  it('are refused in JSON serialization and as an encrypted JWT', async () => {
    const payload = Buffer.from(JSON.stringify(claimsOf(victim.access)));
    const flattened = await new FlattenedSign(payload)
      .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt' })
      .sign(FORGER.privateKey);
    const [header, claims, signature] = victim.access.split('.');
    const jwk = createPublicKey({ key: await publicJwk(), format: 'jwk' });
    const encrypted = await new CompactEncrypt(payload)
      .setProtectedHeader({ alg: 'ECDH-ES', enc: 'A256GCM', typ: 'at+jwt' })
      .encrypt(jwk);
    await expectRefused(
      JSON.stringify(flattened),
      JSON.stringify({ payload: claims, protected: header, signature }),
      JSON.stringify({ payload: claims, signatures: [{ protected: header, signature }] }),
      encrypted,
    );
  });
});

describe('Claims under a valid signature', () => {
  const WRONG: [string, unknown[]][] = [
    ['iss', [undefined, null, '', ['http://localhost:3000'], 1, {}]],
    ['sub', [undefined, null, '', 0, [], {}, true]],
    ['sid', [undefined, null, '', 0, [], {}, true, 'nobody', "' OR 1=1 -- ", '\ud800', '\0', 'x'.repeat(3_000)]],
    ['jti', [undefined, null, '', 0, [], {}]],
    ['iat', [undefined, null, '', '0', -1, 0.5, 1e300, [], {}, true]],
    ['exp', [undefined, null, '', '9999999999', -1, 0, 0.5, 1e300, [9_999_999_999], {}, true]],
    ['nbf', [null, '0', -1, 0.5, 9_999_999_999, 1e300, [], {}]],
    ['token_type', [undefined, null, '', 'refresh', 'Access', ['access'], {}, 1]],
  ];

  it.each(WRONG)('are refused with a wrong %s', async (name, values) => {
    const claims = claimsOf(victim.access);
    const tokens = await Promise.all(values.map((value) => signToken({ ...claims, [name]: value })));
    await expectRefused(...tokens);
  });

  it.each<[string, unknown]>([
    ['a text', 'text'],
    ['null', 'null'],
    ['a list', []],
    ['a number', '1'],
    ['nothing', ''],
    ['invalid JSON', '{"sub":'],
    ['a prototype', '{"__proto__":{"sub":"x","sid":"x"}}'],
  ])('are refused unless they are a JSON object: %s', async (_, claims) => {
    await expectRefused(await signToken(claims), await signToken(claims, { typ: 'JWT' }), signRefreshToken(claims));
  });

  it('are refused when the session and the account do not belong together', async () => {
    const stranger = await register(service.client);
    const [ours, theirs] = [claimsOf(victim.access), claimsOf(stranger.access)];
    for (const claims of [
      { ...theirs, sid: ours['sid'] },
      { ...ours, sid: theirs['sid'] },
      { ...ours, iss: 'http://evil.example.com' },
    ]) {
      const token = await signToken(claims);
      expect((await service.client.post('/auth/token/verify', { token })).status).toBe(401);
      expect((await service.client.get('/auth/getuser', token)).status).toBe(401);
    }
    await expectVictimUnharmed();
  });

  it.each<[string, Json]>([
    ['a text as counter', { counter: '0' }],
    ['no counter', { counter: undefined }],
    ['a fractional counter', { counter: 0.5 }],
    ['a counter above 2^53', { counter: 2 ** 60 }],
    ['a counter beyond the range of the column', { counter: 2 ** 40 }],
    ['a counter not yet issued', { counter: 1 }],
    ['another sid', { sid: 'nobody' }],
    ['SQL as sid', { sid: "' OR 1=1 -- " }],
    ['a list as sid', { sid: ['nobody'] }],
    ['another sub', { sub: 'nobody' }],
    ['a text as exp', { exp: '9999999999' }],
    ['an exp that never comes', { exp: 1e300 }],
    ['an iat in the future', { iat: 9_999_999_999 }],
    ['another type', { token_type: 'access' }],
  ])('are refused in a refresh token with %s', async (_, change) => {
    const token = signRefreshToken({ ...claimsOf(victim.refresh), ...change });
    expect((await service.client.post('/auth/token/refresh', { refresh: token })).status).toBe(401);
    expect((await service.client.post('/user/login/refresh', { refresh_token: token })).status).toBe(401);
    await expectVictimUnharmed();
  });
});

describe('Tokens of another installation', () => {
  it('are refused, even when they carry the kid of this installation', async () => {
    const { access, refresh } = await register(other.client, victim.username);
    const { kid, privateKey } = await other.app.get(SigningKeysService).findSigning();
    const text = `${partOf(victim.access, HEADER)}.${partOf(victim.access, CLAIMS)}`;
    const relabelled = `${text}.${sign('sha256', Buffer.from(text), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
    expect(kid).not.toBe(headerOf(victim.access)['kid']);
    await expectRefused(access, refresh, relabelled);
  });
});

describe('The Authorization header', () => {
  it.each<[string, (good: string) => string[]]>([
    ['valid twice', (good) => [good, good]],
    ['valid, then invalid', (good) => [good, 'Bearer x']],
    ['invalid, then valid', (good) => ['Bearer x', good]],
    ['valid, then empty', (good) => [good, '']],
  ])('is refused when it comes twice: %s', async (_, values) => {
    const headers = values(`Bearer ${victim.access}`).map((value) => ['Authorization', value] as const);
    const answer = await answerTo(service.url, { target: '/auth/getuser', headers });
    expect([answer.status, JSON.parse(answer.body)]).toEqual([400, { detail: 'bad request' }]);
  });

  it.each([
    'Bearer  Bearer TOKEN',
    'Bearer TOKEN TOKEN',
    'Bearer TOKEN, Bearer TOKEN',
    'Bearer "TOKEN"',
    'Bearer token=TOKEN',
    'BearerTOKEN',
    'TOKEN',
    'Token TOKEN',
    'Basic TOKEN',
    'JWT TOKEN',
  ])('is refused in any other form: %s', async (value) => {
    const headers = [['Authorization', value.replaceAll('TOKEN', victim.access)]] as const;
    expect((await answerTo(service.url, { target: '/auth/getuser', headers })).status).toBe(401);
  });

  it.each(['bearer TOKEN', 'BEARER TOKEN', 'Bearer   TOKEN', 'Bearer TOKEN  '])('is accepted as %j', async (value) => {
    const headers = [['Authorization', value.replaceAll('TOKEN', victim.access)]] as const;
    expect((await answerTo(service.url, { target: '/auth/getuser', headers })).status).toBe(200);
  });

  it('is the only place for a token: the body, the query, cookies and other headers are ignored', async () => {
    const { access } = victim;
    const headers = [
      ['Cookie', `access=${access}; token=${access}; Authorization=Bearer ${access}`],
      ['X-Authorization', `Bearer ${access}`],
      ['Proxy-Authorization', `Bearer ${access}`],
    ] as const;
    const target = `/auth/getuser?access_token=${access}&token=${access}&jwt=${access}`;
    expect((await answerTo(service.url, { target, headers })).status).toBe(401);
    const body = bytesOf({
      target: '/auth/getuser',
      headers: [['Content-Type', 'application/x-www-form-urlencoded']],
      body: `access_token=${access}`,
    });
    expect((await exchange(service.url, body)).toString()).toMatch(/^HTTP\/1\.1 401 /);
  });
});

/** Returns a signature in the DER encoding that OpenSSL uses by default. */
function derOf(signature: Buffer): Buffer {
  const numbers = [signature.subarray(0, 32), signature.subarray(32)].map((number) => {
    const bytes = number[0]! >= 0x80 ? Buffer.concat([Buffer.alloc(1), number]) : number;
    return Buffer.concat([Buffer.from([2, bytes.length]), bytes]);
  });
  const content = Buffer.concat(numbers);
  return Buffer.concat([Buffer.from([0x30, content.length]), content]);
}

/** Returns (r, n - s) for a signature (r, s). It is valid for the same text and needs no key. */
function mirrored(signature: Buffer): Buffer {
  const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
  const s = order - BigInt(`0x${signature.subarray(32).toString('hex')}`);
  return Buffer.concat([signature.subarray(0, 32), Buffer.from(s.toString(16).padStart(64, '0'), 'hex')]);
}
