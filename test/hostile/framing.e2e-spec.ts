import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PASSWORD, signUp } from '../support/accounts.js';
import { answersTo, bytesOf, exchange, type RawAnswer } from '../support/raw-http.js';
import { type Service, startService } from '../support/service.js';
import { expectLogged, expectSound } from '../support/soundness.js';
import { claimsOf } from '../support/tokens.js';

const ORIGIN = 'https://app.example.com';

let service: Service;
let alice: Awaited<ReturnType<typeof signUp>>;
let bob: Awaited<ReturnType<typeof signUp>>;
beforeAll(async () => {
  service = await startService({ env: { RATE_LIMIT: 'off', CORS_ORIGINS: ORIGIN } });
  alice = await signUp(service.client, 'alice');
  bob = await signUp(service.client, 'bob');
});
afterAll(() => service.stop());

const lines = (...texts: string[]) => texts.map((text) => `${text}\r\n`).join('');
const raw = (text: string) => Buffer.from(text, 'latin1');

/** The request that an attacker tries to smuggle behind another request. */
const SMUGGLED = lines('GET /livez HTTP/1.1', 'Host: localhost', 'X-Request-Id: smuggled', 'Connection: close', '');
const POST = lines('POST /auth/token/verify HTTP/1.1', 'Host: localhost', 'Content-Type: application/json');

/**
 * Sends a text, and checks that the service refuses all of it with a single answer.
 * @returns the answer
 */
async function refusalOf(text: string, path?: string): Promise<RawAnswer> {
  const since = service.log.length;
  const answers = await answersTo(service.url, raw(text));
  expect(answers.map(({ status }) => status)).toHaveLength(1);
  const [answer] = answers as [RawAnswer];
  expectSound(answer, path);
  expect(answer.status).toBeGreaterThanOrEqual(400);
  expect(answer.headers.get('connection')).toBe('close');
  await expectLogged(service, answer, since);
  expect(service.log.slice(since).filter(({ reqId, status }) => reqId === 'smuggled' && status === 200)).toEqual([]);
  return answer;
}

describe('Ambiguous requests', () => {
  it.each<[string, string]>([
    ['a length before chunks', lines('Content-Length: 4', 'Transfer-Encoding: chunked', '') + lines('5c', '')],
    ['chunks before a length', lines('Transfer-Encoding: chunked', 'Content-Length: 4', '') + lines('0', '')],
    ['a length of zero and chunks', lines('Content-Length: 0', 'Transfer-Encoding: chunked', '') + lines('0', '')],
    ['two lengths', lines('Content-Length: 0', 'Content-Length: 44', '')],
    ['one length twice', lines('Content-Length: 0', 'Content-Length: 0', '')],
    ['a list of lengths', lines('Content-Length: 0, 0', '')],
    ['a length with a sign', lines('Content-Length: +0', '')],
    ['a length below zero', lines('Content-Length: -1', '')],
    ['a length in hexadecimal', lines('Content-Length: 0x0', '')],
    ['a length with a fraction', lines('Content-Length: 0.0', '')],
    ['a length with white space in it', lines('Content-Length: 0 0', '')],
    ['a length that overflows', lines(`Content-Length: ${'9'.repeat(30)}`, '')],
    ['an empty length', lines('Content-Length: ', '')],
    ['a length with a superscript digit', lines('Content-Length: \xb2', '')],
    ['an unknown coding', lines('Transfer-Encoding: xchunked', '') + lines('0', '')],
    ['the identity coding', lines('Transfer-Encoding: identity', '')],
    ['a coding after chunked', lines('Transfer-Encoding: chunked, identity', '') + lines('0', '')],
    ['a coding before chunked', lines('Transfer-Encoding: gzip, chunked', '') + lines('0', '')],
    ['chunks twice', lines('Transfer-Encoding: chunked', 'Transfer-Encoding: chunked', '') + lines('0', '')],
    ['chunks and another coding', lines('Transfer-Encoding: chunked', 'Transfer-Encoding: x', '') + lines('0', '')],
    ['a quoted coding', lines('Transfer-Encoding: "chunked"', '') + lines('0', '')],
    ['white space before the colon', lines('Transfer-Encoding : chunked', '') + lines('0', '')],
    ['a vertical tab before the coding', lines('Transfer-Encoding: \x0bchunked', '') + lines('0', '')],
    ['NUL after the coding', lines('Transfer-Encoding: chunked\0', '') + lines('0', '')],
    ['a folded coding', lines('Transfer-Encoding:', ' chunked', '') + lines('0', '')],
    ['a folded header', lines('X: a', ' Transfer-Encoding: chunked', '')],
    ['a bare line feed in a header', 'X: a\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['a bare carriage return in a header', 'X: a\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['bare line feeds', 'Content-Length: 0\n\n'],
    ['an extra carriage return', 'Content-Length: 0\r\r\n\r\n'],
    ['NUL in a header', lines('X: a\0b', 'Content-Length: 0', '')],
    ['NUL in the name of a header', lines('X\0Y: a', 'Content-Length: 0', '')],
    ['a control character in a header', lines('X: a\x01b', 'Content-Length: 0', '')],
    ['white space in the name of a header', lines('X Y: a', 'Content-Length: 0', '')],
    ['a header without a name', lines(': a', 'Content-Length: 0', '')],
    ['a header without a colon', lines('Content-Length 0', '')],
    ['a chunk of a negative size', lines('Transfer-Encoding: chunked', '') + lines('-1', 'a', '0', '')],
    ['a chunk with 0x', lines('Transfer-Encoding: chunked', '') + lines('0x1', 'a', '0', '')],
    ['a chunk without a size', lines('Transfer-Encoding: chunked', '') + lines('', 'a', '0', '')],
    ['a chunk size that overflows', lines('Transfer-Encoding: chunked', '') + lines('fffffffffffffffff', 'a', '0', '')],
    ['a chunk longer than its size', lines('Transfer-Encoding: chunked', '') + lines('1', 'aX', '0', '')],
    ['a chunk that ends in a line feed', lines('Transfer-Encoding: chunked', '') + '1\r\na\n0\r\n\r\n'],
    ['a chunk size that ends in a line feed', lines('Transfer-Encoding: chunked', '') + '1\na\r\n0\r\n\r\n'],
    ['a line feed in the extension of a chunk', lines('Transfer-Encoding: chunked', '') + '1;a\nb\r\na\r\n0\r\n\r\n'],
  ])('are refused, and nothing after them is read: %s', async (_, rest) => {
    const { status } = await refusalOf(POST + rest + SMUGGLED);
    expect(status).toBe(400);
  });

  it.each<[string, string]>([
    ['no version', lines('GET /livez', '')],
    ['an old version', lines('GET /livez HTTP/0.9', 'Host: localhost', '')],
    ['a future version', lines('GET /livez HTTP/1.2', 'Host: localhost', '')],
    ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['a version in lower case', lines('GET /livez http/1.1', 'Host: localhost', '')],
    ['a method in lower case', lines('get /livez HTTP/1.1', 'Host: localhost', '')],
    ['an unknown method', lines('STEAL /livez HTTP/1.1', 'Host: localhost', '')],
    ['a method with a tab', lines('GET\t/livez HTTP/1.1', 'Host: localhost', '')],
    ['no URL', lines('GET HTTP/1.1', 'Host: localhost', '')],
    ['white space in the URL', lines('GET /livez /readyz HTTP/1.1', 'Host: localhost', '')],
    ['NUL in the URL', lines('GET /livez\0 HTTP/1.1', 'Host: localhost', '')],
    ['a line feed in the URL', lines('GET /livez\n HTTP/1.1', 'Host: localhost', '')],
    ['leading white space', lines(' GET /livez HTTP/1.1', 'Host: localhost', '')],
    ['TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'.repeat(3)],
    ['another protocol', 'EHLO localhost\r\n'],
  ])('are refused, and nothing after their request line is read: %s', async (_, text) => {
    const { status } = await refusalOf(text + SMUGGLED);
    expect(status).toBe(400);
  });

  it.each<[string, string]>([
    ['no host', lines('GET /auth/getuser HTTP/1.1', '')],
    ['two hosts', lines('GET /auth/getuser HTTP/1.1', 'Host: localhost', 'Host: evil.example.com', '')],
    ['chunks in HTTP/1.0', lines('POST /auth/token HTTP/1.0', 'Transfer-Encoding: chunked', '') + lines('0', '')],
    [
      'two media types',
      lines(
        'POST /auth/token HTTP/1.1',
        'Host: x',
        'Content-Type: text/plain',
        'Content-Type: application/json',
        'Content-Length: 0',
        '',
      ),
    ],
  ])('are refused in the dialect of their route: %s', async (_, text) => {
    const { status, body } = await refusalOf(text, '/auth');
    expect([status, JSON.parse(body)]).toEqual([400, { detail: 'bad request' }]);
  });

  it('are refused in the dialect of their route when they carry an unknown expectation', async () => {
    const text = lines('DELETE /user/login HTTP/1.1', 'Host: localhost', 'Expect: a-miracle', 'Content-Length: 0', '');
    expect((await refusalOf(text, '/user')).status).toBe(417);
  });
});

describe('URLs that cannot be decoded', () => {
  it.each(['/auth/%', '/user/%zz', '/account/sessions/%ff', '/%ed%a0%80', 'http://localhost/auth/%', '/oauth/%?%'])(
    'are refused with the common headers of all answers: %s',
    async (target) => {
      const since = service.log.length;
      const answers = await answersTo(service.url, bytesOf({ target, headers: [['Origin', ORIGIN]] }));
      expect(answers.map(({ status }) => status)).toEqual([400]);
      const [answer] = answers as [RawAnswer];
      expectSound(answer, target.replace('http://localhost', ''));
      expect(answer.headers.get('access-control-allow-origin')).toBe(ORIGIN);
      await expectLogged(service, answer, since);
    },
  );
});

describe('Oversized requests', () => {
  it.each<[string, string, number]>([
    ['a header', lines('GET /livez HTTP/1.1', 'Host: localhost', `X: ${'x'.repeat(8_192)}`, ''), 431],
    ['the headers together', `GET /livez HTTP/1.1\r\nHost: localhost\r\n${'X: abcdefg\r\n'.repeat(1_100)}\r\n`, 431],
    ['the URL', lines(`GET /auth/${'x'.repeat(8_192)} HTTP/1.1`, 'Host: localhost', ''), 431],
    ['a header that does not end', `GET /livez HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(9_000)}`, 431],
    [
      'the extensions of chunks',
      `${POST}Transfer-Encoding: chunked\r\n\r\n1;${'x'.repeat(20_000)}\r\na\r\n0\r\n\r\n`,
      413,
    ],
  ])('are refused: %s', async (_, text, status) => {
    expect((await refusalOf(text)).status).toBe(status);
  });

  it.each(['/auth/token', '/user/login', '/account/password'])(
    'are refused when they come in chunks: %s',
    async (path) => {
      const head = lines(
        `POST ${path} HTTP/1.1`,
        'Host: localhost',
        'Content-Type: application/json',
        'Transfer-Encoding: chunked',
        '',
      );
      const { status } = await refusalOf(head + lines('4001', 'x'.repeat(0x4001), '0', ''), path);
      expect(status).toBe(413);
    },
  );

  it.each([
    ['fields', { json: Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`f${i}`, i])) }],
    [
      'fields of a field',
      { json: { username: Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`f${i}`, i])) } },
    ],
    ['items', { json: { username: Array.from({ length: 200 }, () => []) } }],
    ['fields of a form', { form: Array.from({ length: 200 }, (_, i): [string, string] => [`f${i}`, '']) }],
  ])('are refused with too many %s', async (_, request) => {
    const { status, body } = await service.client.call('POST', '/auth/token', request);
    expect([status, body]).toEqual([400, { detail: 'the request body has too many fields' }]);
  });
});

describe('Unusual but valid requests', () => {
  it('may come in chunks with extensions and trailers', async () => {
    const json = JSON.stringify({ token: alice.access });
    const chunks = [json.slice(0, 1), json.slice(1, 20), json.slice(20)].map(
      (each) => `${each.length.toString(16)};a="b"\r\n${each}\r\n`,
    );
    const text = `${POST}Connection: close\r\nTransfer-Encoding: chunked\r\nTrailer: X\r\n\r\n${chunks.join('')}0\r\nX: y\r\n\r\n`;
    expect((await answersTo(service.url, text)).map(({ status }) => status)).toEqual([200]);
  });

  it('cannot carry credentials in their trailers', async () => {
    const head = lines(
      'DELETE /account/sessions HTTP/1.1',
      'Host: localhost',
      'Connection: close',
      'Content-Type: application/json',
      'Transfer-Encoding: chunked',
      '',
    );
    const text = head + lines('0', `Authorization: Bearer ${alice.access}`, '');
    expect((await answersTo(service.url, text)).map(({ status }) => status)).toEqual([401]);
  });

  it('get 100 Continue when they expect it', async () => {
    const body = JSON.stringify({ token: alice.access });
    const text = `${POST}Connection: close\r\nExpect: 100-continue\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    const received = (await exchange(service.url, text)).toString();
    expect(received).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n/);
  });

  it('may use HTTP/1.0 without a Host header', async () => {
    const [answer] = await answersTo(service.url, lines('GET /livez HTTP/1.0', ''));
    expect(answer).toMatchObject({ status: 200, body: expect.stringContaining('"status":"ok"') as string });
  });

  it('may begin with an empty line', async () => {
    const text = `\r\n${bytesOf({ target: '/livez' }).toString()}`;
    expect((await answersTo(service.url, text)).map(({ status }) => status)).toEqual([200]);
  });

  it.each(['http://localhost', 'HTTP://evil.example.com:81', 'http://user@localhost'])(
    'may have %s before their path',
    async (origin) => {
      const headers = [['Authorization', `Bearer ${alice.access}`]] as const;
      const [answer] = await answersTo(service.url, bytesOf({ target: `${origin}/auth/getuser`, headers }));
      expect(answer).toMatchObject({ status: 200, body: '{"username":"alice"}' });
    },
  );

  it.each(['//evil.example.com/auth/token', '/x/../auth/token', '/./auth/token', '/auth//token', '/auth/%74oken/%2e'])(
    'are not normalized to the path of a route: %s',
    async (target) => {
      const [answer] = await answersTo(service.url, bytesOf({ target }));
      expect([answer?.status, answer?.headers.get('allow')]).toEqual([404, undefined]);
    },
  );

  it.each(['websocket', 'h2c', 'TLS/1.0, HTTP/1.1'])('cannot upgrade to %s', async (protocol) => {
    const text = lines(
      'GET /livez HTTP/1.1',
      'Host: localhost',
      'Connection: Upgrade, close',
      `Upgrade: ${protocol}`,
      'HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA',
      '',
    );
    const [answer] = await answersTo(service.url, text);
    expect(answer?.status).toBe(200);
  });

  it('cannot open a tunnel by CONNECT', async () => {
    const text = lines('CONNECT localhost:22 HTTP/1.1', 'Host: localhost:22', '');
    const { status, headers } = await refusalOf(text + SMUGGLED);
    expect([status, headers.get('allow')]).toEqual([405, 'DELETE, GET, HEAD, POST']);
  });

  it('are not echoed for TRACE and TRACK', async () => {
    for (const method of ['TRACE', 'TRACK']) {
      const headers = [['Cookie', 'secret-of-the-browser']] as const;
      const received = (await exchange(service.url, bytesOf({ method, target: '/auth/token', headers }))).toString();
      expect(received).toMatch(/^HTTP\/1\.1 40[05] /);
      expect(received).not.toContain('secret-of-the-browser');
    }
  });
});

describe('Requests on one connection', () => {
  const whoIs = ({ access }: { access: string }) =>
    lines('GET /auth/getuser HTTP/1.1', 'Host: localhost', `Authorization: Bearer ${access}`, '');
  const login = (username: string) => {
    const body = JSON.stringify({ username, password: PASSWORD });
    return (
      lines(
        'POST /auth/token HTTP/1.1',
        'Host: localhost',
        'Content-Type: application/json',
        `Content-Length: ${body.length}`,
        '',
      ) + body
    );
  };
  const last = lines('GET /livez HTTP/1.1', 'Host: localhost', 'Connection: close', '');
  const subjectOf = (body: string) => {
    const { access } = JSON.parse(body) as { access: string };
    return claimsOf(access).sub;
  };

  it('are answered in order and each for its own user, even when one of them takes long', async () => {
    const users = Array.from({ length: 20 }, (_, i) => (i % 2 ? alice : bob));
    const text = users.map((user, i) => (i % 5 === 0 ? login(user.username) : '') + whoIs(user)).join('') + last;
    const answers = await answersTo(service.url, text);
    const [ofAlice, ofBob] = [alice, bob].map(({ access }) => subjectOf(JSON.stringify({ access })));
    const expected = users.flatMap((user, i) => [
      ...(i % 5 === 0 ? [user === alice ? ofAlice : ofBob] : []),
      JSON.stringify({ username: user.username }),
    ]);
    expect(answers.slice(0, -1).map(({ body }) => (body.includes('refresh') ? subjectOf(body) : body))).toEqual(
      expected,
    );
    expect(answers.every(({ status }) => status === 200)).toBe(true);
  });

  it('are kept apart from the unread body of a request before them', async () => {
    const hidden = `GET /livez HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: hidden\r\n\r\n`;
    for (const first of ['GET /auth/getuser', 'POST /nothing', 'PUT /auth/token', 'POST /user/login']) {
      const since = service.log.length;
      const head = lines(
        `${first} HTTP/1.1`,
        'Host: localhost',
        'Content-Type: text/plain',
        `Content-Length: ${hidden.length}`,
        '',
      );
      const answers = await answersTo(service.url, head + hidden + last);
      expect(answers.map(({ status }) => status)).toEqual([expect.any(Number), 200]);
      expect(service.log.slice(since).some(({ reqId }) => reqId === 'hidden')).toBe(false);
    }
  });

  it.each([
    'no HTTP at all\r\n\r\n',
    'CONNECT localhost:22 HTTP/1.1\r\nHost: localhost:22\r\n\r\n',
    `GET /${'x'.repeat(9_000)}`,
  ])('are answered before an invalid request that follows them is refused: %.20s', async (nonsense) => {
    const answers = await answersTo(service.url, login('alice') + whoIs(bob) + nonsense);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, expect.any(Number)]);
    expect(answers[1]?.body).toBe('{"username":"bob"}');
    expect(answers[2]?.status).toBeGreaterThanOrEqual(400);
  });
});
