import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PASSWORD } from './support/accounts.js';
import type { Reply } from './support/client.js';
import { type Service, startService } from './support/service.js';

let service: Service;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.stop());

/** Every route that takes a body, with the methods of its path. */
const ROUTES = [
  ['POST', '/auth/token', 'POST'],
  ['POST', '/auth/token/refresh', 'POST'],
  ['POST', '/auth/token/verify', 'POST'],
  ['POST', '/auth/register', 'POST'],
  ['POST', '/user/login', 'DELETE, POST'],
  ['DELETE', '/user/login', 'DELETE, POST'],
  ['POST', '/user/login/refresh', 'POST'],
  ['POST', '/user/signup', 'POST'],
] as const;

/** Checks that an answer is an error in the dialect of its path, and nothing else. */
function expectDialect(path: string, reply: Reply, status: number, text: string): void {
  expect(reply.status).toBe(status);
  const body = path.startsWith('/auth')
    ? { detail: text }
    : path.startsWith('/user')
      ? { status: 'BAD REQUEST', reason: text }
      : { type: 'about:blank', status, detail: text };
  expect(reply.body).toMatchObject(body);
  if (/^\/(auth|user)/.test(path)) expect(reply.text).toBe(JSON.stringify(body));
}

describe.each(ROUTES)('%s %s', (method, path, allow) => {
  it.each([
    ['half an object', '{"username":'],
    ['text that is not JSON', 'username=a'],
    ['a trailing comma', '{"username":"a",}'],
    ['single quotes', "{'username':'a'}"],
    ['two values', '{}{}'],
    ['a prototype', '{"__proto__":{"username":"a"}}'],
    ['a constructor prototype', '{"constructor":{"prototype":{"a":1}}}'],
  ])('answers 400 to %s', async (_, text) => {
    const reply = await service.client.call(method, path, { raw: ['application/json', text] });
    expectDialect(path, reply, 400, 'the request body is not valid JSON');
  });

  it.each([
    ['an array', '[]'],
    ['a string', '"a"'],
    ['a number', '1'],
    ['a boolean', 'true'],
  ])('answers 400 to %s as the body', async (_, text) => {
    const reply = await service.client.call(method, path, { raw: ['application/json', text] });
    expectDialect(path, reply, 400, 'the request body is not an object');
  });

  it('answers 400 to null as the body, and names the missing fields', async () => {
    const reply = await service.client.call(method, path, { raw: ['application/json', 'null'] });
    expect(reply.status).toBe(400);
    expect(reply.text).toContain('this field is required');
  });

  it('answers 400 to bytes that are not UTF-8', async () => {
    const body = Buffer.concat([Buffer.from('{"username":"'), Buffer.from([0xc3, 0x28]), Buffer.from('"}')]);
    const reply = await service.client.call(method, path, { raw: ['application/json', body] });
    expectDialect(path, reply, 400, 'the request body is not valid UTF-8');
  });

  it('answers 400 to deep nesting', async () => {
    const text = `{"username":${'['.repeat(7000)}${']'.repeat(7000)}}`;
    const reply = await service.client.call(method, path, { raw: ['application/json', text] });
    expectDialect(path, reply, 400, 'the request body is nested too deeply');
  });

  it('answers 413 to a body over the limit', async () => {
    const reply = await service.client.call(method, path, { json: { username: 'x'.repeat(17 * 1024) } });
    expectDialect(path, reply, 413, 'the request body is too large');
  });

  it.each(['text/plain', 'text/html', 'application/xml', 'application/octet-stream', 'x', 'application/jsonp'])(
    'answers 415 to %s',
    async (mediaType) => {
      const reply = await service.client.call(method, path, { raw: [mediaType, '{}'] });
      expectDialect(path, reply, 415, 'unsupported media type');
    },
  );

  it.each([
    'application/json; charset=utf-8',
    'Application/JSON',
    'application/json ;charset="UTF-8"',
    'application/json;CHARSET=utf8;x=y',
  ])('accepts %s', async (mediaType) => {
    const reply = await service.client.call(method, path, { raw: [mediaType, '{}'] });
    expect(reply.status).toBe(400);
    expect(reply.text).toContain('this field is required');
  });

  it.each([
    'utf-16',
    'UTF-16LE',
    'iso-8859-1',
    '"latin1"',
    'us-ascii',
    'utf-7',
    'no-such',
    'utf-8; charset=utf-16',
    '',
  ])('answers 415 to JSON in the charset %s', async (charset) => {
    const mediaType = `application/json; charset=${charset}`;
    const reply = await service.client.call(method, path, { raw: [mediaType, '{}'] });
    expectDialect(path, reply, 415, 'unsupported media type');
  });

  it.each(['gzip', 'br', 'deflate'])('answers 415 to a body in %s', async (encoding) => {
    const headers = { 'content-encoding': encoding };
    const reply = await service.client.call(method, path, { raw: ['application/json', '{}'], headers });
    expectDialect(path, reply, 415, 'unsupported media type');
  });

  it('answers in its dialect when the path is percent-encoded', async () => {
    const escaped = path.replace(/^\/./, (start) => `/%${start.charCodeAt(1).toString(16)}`);
    const found = await fetch(service.url + escaped, {
      method,
      body: '{',
      headers: { 'content-type': 'application/json' },
    });
    expect([found.status, await found.text()]).toEqual([
      400,
      expect.stringContaining('the request body is not valid JSON'),
    ]);
    expect(found.headers.get('content-type')).toMatch(/^application\/json/);
    const other = await fetch(service.url + escaped, { method: 'PUT' });
    expect([other.status, other.headers.get('allow')]).toEqual([405, allow]);
  });

  it.each(['GET', 'PUT', 'PATCH', 'OPTIONS'])('answers 405 to %s', async (other) => {
    for (const spelling of [path, `${path}/`, `${path}?username=a`]) {
      const reply = await service.client.call(
        other,
        spelling,
        other === 'GET' ? {} : { raw: ['application/json', '{'] },
      );
      expectDialect(path, reply, 405, 'method not allowed');
      expect(reply.headers.get('allow')).toBe(allow);
    }
  });
});

const FORM = 'application/x-www-form-urlencoded';

describe('Forms', () => {
  it.each(['/user/login', '/user/signup', '/user/login/refresh'])('are refused by contract B at %s', async (path) => {
    const reply = await service.client.call('POST', path, { form: { username: 'a', password: PASSWORD } });
    expectDialect(path, reply, 415, 'unsupported media type');
  });

  it.each([
    ['/auth/token', `${FORM}; charset=iso-8859-1`, 'username=%e9&password=%e9'],
    ['/auth/token', 'multipart/form-data; boundary=x; charset=utf-16', '--x--\r\n'],
    ['/oauth/introspect', `${FORM}; charset=utf-16`, 'token=x'],
  ])('get 415 at %s in a charset other than UTF-8: %s', async (path, mediaType, body) => {
    expect((await service.client.call('POST', path, { raw: [mediaType, body] })).status).toBe(415);
    const utf8 = mediaType.replace(/charset=.*/, 'charset=utf-8');
    expect((await service.client.call('POST', path, { raw: [utf8, body] })).status).not.toBe(415);
  });

  it.each([
    ['no boundary', 'multipart/form-data', 'x'],
    ['no end', 'multipart/form-data; boundary=x', '--x\r\nContent-Disposition: form-data; name="username"\r\n\r\na'],
    ['no form', 'multipart/form-data; boundary=x', 'just text'],
    [
      'no end of a file',
      'multipart/form-data; boundary=x',
      '--x\r\nContent-Disposition: form-data; name="a"; filename="b"\r\n\r\nabc',
    ],
  ])('get 400 when they are malformed: %s', async (_, mediaType, body) => {
    const reply = await service.client.call('POST', '/auth/token', { raw: [mediaType, body] });
    expectDialect('/auth/token', reply, 400, 'the request body is not valid multipart form data');
  });

  it.each(['/auth/token', '/auth/token/refresh', '/auth/register'])(
    'get 400 at %s when they have thousands of fields',
    async (path) => {
      for (const name of ['username', 'other', ''])
        expect((await service.client.call('POST', path, { raw: [FORM, `${name}=&`.repeat(1500)] })).status).toBe(400);
    },
  );

  it('get 400 when their escapes are not UTF-8', async () => {
    const reply = await service.client.call('POST', '/auth/token', { raw: [FORM, 'username=a&password=%ff'] });
    expectDialect('/auth/token', reply, 400, 'the request body is not valid UTF-8');
    expect(
      (await service.client.call('POST', '/auth/token', { raw: [FORM, 'username=a&password=%EF%BF%BD%'] })).status,
    ).toBe(401);
  });

  it('do not change prototypes, whether urlencoded or multipart', async () => {
    for (const name of ['__proto__', 'constructor', 'toString']) {
      const multipart = new FormData();
      for (const field of [name, 'username', 'password']) multipart.append(field, 'x');
      expect([400, 401]).toContain((await service.client.call('POST', '/auth/token', { multipart })).status);
    }
    for (const name of ['__proto__', 'constructor', 'toString']) {
      const reply = await service.client.call('POST', '/auth/token', {
        form: { [name]: 'x', username: 'a', password: 'b' },
      });
      expect([400, 401]).toContain(reply.status);
    }
    expect(({} as Record<string, unknown>)['username']).toBeUndefined();
  });
});

describe('GET /auth/getuser', () => {
  it.each(['POST', 'PUT', 'DELETE'])('answers 405 to %s', async (method) => {
    const reply = await service.client.call(method, '/auth/getuser', {});
    expectDialect('/auth', reply, 405, 'method not allowed');
    expect(reply.headers.get('allow')).toBe('GET, HEAD');
  });
});

describe('Unknown routes', () => {
  it.each([
    '/auth',
    '/auth/',
    '/auth/nothing',
    '/auth/token/x',
    '/user',
    '/user/login/x',
    '/',
    '/nothing',
    '/AUTH/token',
    '/authx',
    '/users',
  ])('answer 404 at %s', async (path) => {
    for (const method of ['GET', 'POST', 'DELETE']) {
      const raw = ['text/plain', '{'] as const;
      const reply = await service.client.call(method, path, method === 'GET' ? {} : { raw });
      expectDialect(/^\/(auth|user)(\/|$)/.test(path) ? path : '-', reply, 404, 'not found');
    }
  });

  it('answer with problem details outside both contracts', async () => {
    const reply = await service.client.get('/nothing');
    expect(reply.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(reply.body).toEqual({ type: 'about:blank', title: 'Not Found', status: 404, detail: 'not found' });
  });

  it.each(['/auth/%', '/auth/%zz', '/user/%ff', '/%'])(
    'answer 400 in the dialect of their prefix when the path cannot be decoded: %s',
    async (path) => {
      const response = await fetch(service.url + path);
      const body = (await response.json()) as Record<string, string>;
      expect(response.status).toBe(400);
      expect(Object.keys(body)).toEqual(
        path.startsWith('/auth')
          ? ['detail']
          : path.startsWith('/user')
            ? ['status', 'reason']
            : ['type', 'title', 'status', 'detail'],
      );
      expect(response.headers.get('x-request-id')).not.toBeNull();
    },
  );
});

describe('Malformed HTTP requests', () => {
  const send = (text: string) =>
    new Promise<string>((resolve, reject) => {
      const { port, hostname } = new URL(service.url);
      const socket = connect(Number(port), hostname, () => socket.write(text));
      let answer = '';
      socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
      socket.on('close', () => {
        resolve(answer);
      });
      socket.on('error', reject);
    });

  it.each([
    ['text that is not HTTP', 'hello\r\n\r\n', 400],
    ['two lengths', 'POST /auth/token HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n', 400],
    [
      'a length and chunks',
      'POST /auth/token HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
    ],
    ['headers over the limit', `GET /livez HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
  ])('are refused with problem details: %s', async (_, text, status) => {
    const answer = await send(text);
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(answer).toContain('Content-Type: application/problem+json');
    expect(JSON.parse(answer.slice(answer.indexOf('{')))).toMatchObject({ status });
  });
});

describe('Unexpected errors', () => {
  it.each<[string, string, unknown]>([
    ['/auth/token', 'detail', { detail: 'internal server error' }],
    ['/user/login', 'reason', { status: 'INTERNAL SERVER ERROR', reason: 'internal server error' }],
  ])('answer 500 with a fixed body at %s, and log their cause', async (path, _, body) => {
    const broken = await startService();
    try {
      await broken.dataSource.query('DROP TABLE users');
      const reply = await broken.client.post(path, { username: 'someone', password: PASSWORD });
      expect([reply.status, reply.body]).toEqual([500, body]);
      const line = broken.log.find(({ level }) => level === 'error');
      expect(JSON.stringify(line)).toContain('users');
      expect(JSON.stringify(broken.log)).not.toContain(PASSWORD);
    } finally {
      await broken.stop();
    }
  });
});
