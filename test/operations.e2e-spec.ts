import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { SecurityEventsService } from '../src/events/security-events.service.js';
import { newName, PASSWORD, register, signUp } from './support/accounts.js';
import { answersTo, answerTo, type RawAnswer } from './support/raw-http.js';
import { type Service, startService } from './support/service.js';

const ORIGIN = 'https://app.example.com';

let service: Service;
beforeAll(async () => {
  service = await startService({ env: { CORS_ORIGINS: `${ORIGIN}, https://other.example.com`, SWAGGER: 'on' } });
});
afterAll(() => service.stop());

describe('Health', () => {
  it('answers at /livez with the name and version, and at /readyz', async () => {
    const live = await service.client.get('/livez');
    const { name, version } = JSON.parse(readFileSync('package.json', 'utf8')) as Record<string, string>;
    expect([live.status, live.body]).toEqual([200, { status: 'ok', name, version }]);
    const ready = await service.client.get('/readyz');
    expect([ready.status, ready.body]).toEqual([200, { status: 'ok' }]);
  });
});

describe('A new store', () => {
  it('has no account, and refuses common default credentials', async () => {
    const fresh = await startService();
    try {
      expect(await fresh.dataSource.query('SELECT * FROM users')).toEqual([]);
      for (const username of ['admin', 'administrator', 'root', 'sa', 'test', 'guest', 'user', 'latchkey'])
        for (const password of [username, 'password', 'changeme'])
          for (const path of ['/auth/token', '/user/login'])
            expect((await fresh.client.post(path, { username, password })).status).toBe(401);
    } finally {
      await fresh.stop();
    }
  });
});

describe('Response headers', () => {
  const PATHS: [string, string][] = [
    ['POST', '/auth/token'],
    ['POST', '/user/login'],
    ['PUT', '/auth/token'],
    ['GET', '/nothing'],
    ['GET', '/auth/getuser'],
    ['GET', '/livez'],
  ];

  it.each(PATHS)('of %s %s forbid caching, framing and MIME sniffing', async (method, path) => {
    const { headers } = await service.client.call(method, path);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('x-frame-options')).toBe('DENY');
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('x-powered-by')).toBeNull();
    expect(headers.get('server')).toBeNull();
  });

  it('are the same for bytes that are not HTTP', async () => {
    const isOwn = (name: string) => /^(content-(length|type)|connection|date|vary|x-request-id|access-.*)$/.test(name);
    const common = ({ headers }: RawAnswer) => [...headers].filter(([name]) => !isOwn(name)).toSorted();
    const [malformed] = await answersTo(service.url, 'EHLO localhost\r\n');
    expect(common(malformed!)).toEqual(common(await answerTo(service.url, { target: '/nothing' })));
  });

  it('let caches store the JWKS', async () => {
    const { headers } = await service.client.get('/.well-known/jwks.json');
    expect(headers.get('cache-control')).toBe('public, max-age=300');
  });

  it('return the request id of the client if it is valid, and a new id if it is not', async () => {
    const id = async (given: string) =>
      (await service.client.call('GET', '/livez', { headers: { 'x-request-id': given } })).headers.get('x-request-id');
    expect(await id('abc-123')).toBe('abc-123');
    expect(await id('not plain!')).toMatch(/^[0-9a-f-]{36}$/);
    expect(await id('x'.repeat(129))).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe('CORS', () => {
  const preflight = (origin: string) =>
    fetch(`${service.url}/auth/token`, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' },
    });

  it('allows the listed origins', async () => {
    const response = await preflight(ORIGIN);
    expect(response.status).toBe(204);
    expect(response.headers.get('access-control-allow-origin')).toBe(ORIGIN);
    expect(response.headers.get('access-control-allow-methods')).toContain('POST');
    const actual = await service.client.call('POST', '/auth/token', { json: {}, headers: { origin: ORIGIN } });
    expect(actual.headers.get('access-control-allow-origin')).toBe(ORIGIN);
    expect(actual.headers.get('vary')).toContain('Origin');
  });

  it.each(['https://evil.example.com', 'null', `${ORIGIN}.evil.example.com`, 'http://app.example.com'])(
    'allows no other origin: %s',
    async (origin) => {
      const response = await preflight(origin);
      expect(response.headers.get('access-control-allow-origin')).toBeNull();
    },
  );

  it('is off without a list', async () => {
    const closed = await startService();
    try {
      const reply = await closed.client.call('OPTIONS', '/auth/token', {
        headers: { origin: ORIGIN, 'access-control-request-method': 'POST' },
      });
      expect(reply.status).toBe(405);
      expect(reply.headers.get('access-control-allow-origin')).toBeNull();
    } finally {
      await closed.stop();
    }
  });
});

describe('The log', () => {
  it('has one line for each request, with its id and without its secrets', async () => {
    const account = await signUp(service.client);
    const { access, refresh } = account;
    await service.client.call('POST', `/auth/token?password=${encodeURIComponent(PASSWORD)}&token=${access}`, {
      json: account,
      headers: { 'x-request-id': 'find-me' },
    });
    await service.client.get('/auth/getuser', access);
    await service.client.post('/auth/token/refresh', { refresh });
    await service.client.post('/auth/register', { username: newName(), password: PASSWORD, token: access });
    const line = service.log.find(({ reqId }) => reqId === 'find-me');
    expect(line).toMatchObject({ level: 'info', method: 'POST', path: '/auth/token', status: 200, ip: '127.0.0.1' });
    const everything = JSON.stringify(service.log);
    for (const secret of [PASSWORD, encodeURIComponent(PASSWORD), access, refresh])
      expect(everything).not.toContain(secret);
  });

  it('has at most 200 characters of a path, and no part of a token that lies across the cut', async () => {
    const { access } = await register(service.client);
    const before = service.log.length;
    for (const path of [`/${'a'.repeat(6_000)}`, `/${'a'.repeat(150)}${access}`, `/${'%C3%A9'.repeat(1_000)}`])
      expect((await fetch(service.url + path)).status).toBe(404);
    const paths = service.log.slice(before).map(({ path }) => String(path));
    expect(paths).toHaveLength(3);
    for (const path of paths) expect(path.length).toBeLessThanOrEqual(200);
    expect(paths[1]).toBe(`/${'a'.repeat(150)}[token]`);
  });

  it('has no lines that a client has forged', async () => {
    const before = service.log.length;
    await service.client.call('GET', '/auth/%0a%7b%22level%22:%22fatal%22%7d', {
      headers: { 'x-request-id': '{"level":"fatal"}' },
    });
    expect(service.log.slice(before)).toHaveLength(1);
    expect(service.log.at(-1)).toMatchObject({ level: 'info', status: 404 });
  });
});

describe('The address of a client', () => {
  const forged = { 'x-forwarded-for': '203.0.113.7', forwarded: 'for=203.0.113.7' };
  const addressOf = async (service: Service, headers: Record<string, string> = forged) => {
    const { username } = await register(service.client);
    await service.client.call('POST', '/auth/token', {
      json: { username, password: PASSWORD },
      headers: { ...headers, 'user-agent': 'x'.repeat(300) },
    });
    const sql =
      'SELECT s.address, s.user_agent FROM sessions s JOIN users u ON u.id = s.user_id WHERE u.username = ? ORDER BY s.user_agent';
    const rows = await service.dataSource.query<{ address: string; user_agent: string }[]>(sql, [username]);
    return rows.find(({ user_agent }) => user_agent === 'x'.repeat(255))?.address;
  };

  it('is the address of the peer, despite forwarding headers', async () => {
    expect(await addressOf(service)).toBe('127.0.0.1');
  });

  it('is the address that a trusted proxy forwards', async () => {
    const proxied = await startService({ env: { TRUST_PROXY: '127.0.0.0/8' } });
    try {
      expect(await addressOf(proxied)).toBe('203.0.113.7');
      for (const nonsense of ['x'.repeat(80), 'unknown', "'; --"])
        expect(await addressOf(proxied, { 'x-forwarded-for': nonsense })).toBe('');
      for (const zone of ['eth0', 'z'.repeat(500)])
        expect(await addressOf(proxied, { 'x-forwarded-for': `fe80::1%${zone}` })).toBe('fe80::1');
      await proxied.app.get(SecurityEventsService).write();
      const [logins] = await proxied.dataSource.query<{ n: unknown }[]>(
        "SELECT COUNT(*) AS n FROM events WHERE event = 'login' AND source = 'fe80::1'",
      );
      expect(Number(logins?.n)).toBe(2);
      for (const { ip } of proxied.log) expect(typeof ip === 'string' ? ip.length : 0).toBeLessThanOrEqual(45);
    } finally {
      await proxied.stop();
    }
  });
});

describe('Folders', () => {
  it('are not listed: /docs/ is a page that links only to the files that it needs', async () => {
    const page = await (await fetch(`${service.url}/docs/`)).text();
    expect(page).toContain('<div id="swagger-ui">');
    const named = Array.from(page.matchAll(/(?:src|href)="([^"]+)"/g), ([, path]) => path!);
    expect(named.length).toBeGreaterThanOrEqual(5);
    for (const path of named) expect((await fetch(new URL(path, `${service.url}/docs/`))).status, path).toBe(200);
  });

  it.each([
    '/',
    '//',
    '/docs/.',
    '/docs//',
    '/docs/../',
    '/docs/%2e%2e/',
    '/docs/..%2f',
    '/docs/..%5c',
    '/docs/static/',
    '/docs/nothing/',
    '/docs/package.json',
    '/docs/README.md',
    '/docs/index.js',
    '/docs/absolute-path.js',
    '/docs/swagger-initializer.js',
    '/docs/swagger-ui-bundle.js.map',
    '/docs/swagger-ui.css.map',
    '/docs/oauth2-redirect.html',
    '/docs/%70ackage.json',
    '/docs/./package.json',
    '/docs/../package.json',
    '/docs/%2e%2e/package.json',
    '/docs/..%2fpackage.json',
    '/.well-known/',
    '/node_modules/',
    '/.git/',
    '/.git/HEAD',
  ])('do not expose their files at %s', async (target) => {
    const { status, headers } = await answerTo(service.url, { target });
    expect([403, 404]).toContain(status);
    expect(headers.get('content-type')).toMatch(/^application\/problem\+json/);
  });
});

describe('GET /', () => {
  const HTML = 'text/html,application/xhtml+xml;q=0.9,*/*;q=0.8';
  const ask = (at: Service, accept: string, method = 'GET', path = '/') =>
    fetch(at.url + path, { method, headers: { accept }, redirect: 'manual' });

  it.each(['GET', 'HEAD'])('sends browsers to the documentation: %s', async (method) => {
    for (const path of ['/', '/?from=bookmark']) {
      const response = await ask(service, HTML, method, path);
      expect([response.status, response.headers.get('location')]).toEqual([303, '/docs']);
      expect(response.headers.get('x-content-type-options')).toBe('nosniff');
      expect(response.headers.get('x-request-id')).not.toBeNull();
    }
    expect((await fetch(`${service.url}/`, { method, headers: { accept: HTML } })).status).toBe(200);
  });

  it.each([
    ['GET', '*/*', '/'],
    ['GET', 'application/json', '/'],
    ['POST', HTML, '/'],
    ['GET', HTML, '//'],
    ['GET', HTML, '/nothing'],
  ])('answers anything else with 404: %s %s %s', async (method, accept, path) => {
    const response = await ask(service, accept, method, path);
    expect(response.status).toBe(404);
    const body = { type: 'about:blank', title: 'Not Found', status: 404, detail: 'not found' };
    expect(await response.json()).toEqual(body);
  });

  it('answers browsers with 404 if SWAGGER is off', async () => {
    const bare = await startService();
    try {
      expect((await ask(bare, HTML)).status).toBe(404);
    } finally {
      await bare.stop();
    }
  });
});

/** Reads the served routes from the tree that the framework prints. */
function servedBy({ app }: Service): string[] {
  const tree = app.getHttpAdapter().getInstance().printRoutes({ commonPrefix: false });
  const path: string[] = [];
  return tree.split('\n').flatMap((line) => {
    const [, indent, segment, methods] = /^((?:[│ ] {3})*)[├└]── (\S+) \((.+)\)$/.exec(line) ?? [];
    if (indent === undefined || segment === undefined || methods === undefined) return [];
    path.splice(indent.length / 4, path.length, segment.replace(/:(\w+)/, '{$1}'));
    const names = methods.split(', ').filter((name) => name !== 'HEAD');
    return names.map((name) => `${name.toLowerCase()} ${path.join('')}`);
  });
}

describe('The OpenAPI document', () => {
  const ROUTES = [
    'delete /account/sessions',
    'delete /account/sessions/{id}',
    'delete /user/login',
    'get /.well-known/jwks.json',
    'get /.well-known/oauth-authorization-server',
    'get /account/sessions',
    'get /auth/getuser',
    'get /livez',
    'get /readyz',
    'post /account/password',
    'post /auth/register',
    'post /auth/token',
    'post /auth/token/refresh',
    'post /auth/token/verify',
    'post /oauth/introspect',
    'post /oauth/revoke',
    'post /user/login',
    'post /user/login/refresh',
    'post /user/signup',
  ];

  it('is served at /openapi.json with every route', async () => {
    const document = (await (await fetch(`${service.url}/openapi.json`)).json()) as { paths: Record<string, object> };
    const routes = Object.entries(document.paths).flatMap(([path, item]) =>
      Object.keys(item).map((method) => `${method} ${path}`),
    );
    expect(routes.sort()).toEqual(ROUTES);
  });

  it('is serialized once', async () => {
    await fetch(`${service.url}/openapi.json`);
    const stringify = vi.spyOn(JSON, 'stringify');
    try {
      for (let i = 0; i < 3; i++) await fetch(`${service.url}/openapi.json`);
      expect(stringify.mock.calls.filter(([value]) => (value as { openapi?: string } | null)?.openapi)).toEqual([]);
    } finally {
      stringify.mockRestore();
    }
  });

  it('is shown by a page that keeps no tokens in the browser', async () => {
    const script = await (await fetch(`${service.url}/docs/swagger-ui-init.js`)).text();
    expect(script).toContain('requestInterceptor');
    expect(script).not.toMatch(/"persistAuthorization": *true/);
  });

  it('lists every route that is served', async () => {
    const bare = await startService({ env: { SWAGGER: 'off' } });
    try {
      expect(servedBy(bare).sort()).toEqual(ROUTES);
    } finally {
      await bare.stop();
    }
  });

  it('is not served when SWAGGER is off', async () => {
    const bare = await startService({ env: { SWAGGER: 'off' } });
    try {
      for (const path of ['/docs', '/openapi.json']) expect((await bare.client.get(path)).status).toBe(404);
    } finally {
      await bare.stop();
    }
  });
});
