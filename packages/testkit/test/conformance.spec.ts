import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CASES } from '../src/conformance/cases.js';
import { conformance } from '../src/conformance/command.js';
import { sendTo } from '../src/conformance/http.js';
import { runCases, select, type Selection } from '../src/conformance/run.js';
import { type RunningLatchkey, startLatchkey } from '../src/index.js';
import { listen, type Listening } from './listen.js';
import { startStrictClone } from './strict-clone.js';

let kit: RunningLatchkey;
beforeAll(async () => {
  kit = await startLatchkey();
});
afterAll(() => kit.stop());

/** A request to the kit, and its answer, which a broken server changes. */
interface Exchange {
  readonly route: string;
  readonly sent: string;
  status: number;
  body: string;
}

/** Starts a server that is wrong in one way: a proxy in front of the kit. */
function startBroken(breakIt: (exchange: Exchange) => void, ignored?: string): Promise<Listening> {
  const answerBroken = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = '', url = '' } = request;
    const route = `${method} ${url}`;
    if (route === ignored) {
      response.writeHead(204).end();
      return;
    }
    const body = Buffer.concat(await request.toArray());
    const headers: Record<string, string> = {};
    for (const name of ['content-type', 'authorization'] as const) {
      const value = request.headers[name];
      if (value !== undefined) headers[name] = value;
    }
    const answer = await fetch(kit.url + url, { method, headers, ...(method !== 'GET' && { body }) });
    const exchange = { route, sent: body.toString(), status: answer.status, body: await answer.text() };
    breakIt(exchange);
    for (const name of ['content-type', 'www-authenticate', 'cache-control']) {
      const value = answer.headers.get(name);
      if (value !== null) response.setHeader(name, value);
    }
    response.writeHead(exchange.status).end(exchange.body);
  };
  return listen(createServer((request, response) => void answerBroken(request, response)));
}

/** Returns the ids of the cases that a server fails, each with its message. */
async function failures(url: string, selection: Selection = {}): Promise<Record<string, string>> {
  const results = await runCases(select(CASES, selection), sendTo(url, 10_000));
  return Object.fromEntries(results.filter(({ passed }) => !passed).map(({ id, message }) => [id, message]));
}

/** Runs the program, and returns what it wrote. */
async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const written = { out: '', err: '' };
  const code = await conformance(args, {
    out: (text) => (written.out += text),
    err: (text) => (written.err += text),
  });
  return { code, ...written };
}

describe('The conformance cases', () => {
  it('have unique ids', () => {
    expect(new Set(CASES.map(({ id }) => id)).size).toBe(CASES.length);
  });

  it('pass on the kit, at a URL with a path, within the sign-ups and refusals that the help names', async () => {
    const tenant = kit.tenant('limited');
    const help = (await run('--help')).out.replace(/\s+/g, ' ');
    const [, signUps = '', refusals = ''] = /(\d+) sign-ups and (\d+) refused logins/.exec(help) ?? [];
    await tenant.settings.change({ RATE_LIMIT: 'on', SIGNUP_LIMIT: signUps, LOGIN_LIMIT_SOURCE: refusals });

    expect(await failures(tenant.url)).toEqual({});
  });

  it('pass on the kit without a replay window', async () => {
    const tenant = kit.tenant('strict');
    await tenant.settings.change({ REFRESH_REPLAY_WINDOW: 0 });
    const across = CASES.filter(({ contract }) => contract === 'across');

    expect((await runCases(across, sendTo(tenant.url, 10_000))).filter(({ passed }) => !passed)).toEqual([]);
  });

  it('pass on a server made from the pages alone, as far as the pages go', async () => {
    using clone = await startStrictClone();

    expect(await failures(clone.url, { printed: true })).toEqual({});
    expect(Object.keys(await failures(clone.url))).toEqual(
      expect.arrayContaining(['a-verify', 'b-logout-ends-session', 'across-logout']),
    );
  });
});

describe('The conformance cases on a broken server', () => {
  it('find a login at B that answers 200', async () => {
    using broken = await startBroken((exchange) => {
      if (exchange.route === 'POST /user/login' && exchange.status === 201) exchange.status = 200;
    });
    const found = await failures(broken.url, { only: 'B', printed: true });

    expect(Object.keys(found)).toEqual(['b-login']);
    expect(found['b-login']).toMatch(/^POST \/user\/login \{"username".* expected status 201, got 200 /);
  });

  it('find another text in a refusal of A', async () => {
    using broken = await startBroken((exchange) => {
      exchange.body = exchange.body.replace('given credentials', 'given credentials.');
    });
    const found = await failures(broken.url, { only: 'A', printed: true });

    expect(Object.keys(found)).toEqual(['a-login-unknown', 'a-login-wrong-password']);
  });

  it('find a refresh at B that repeats its access token', async () => {
    const answered = new Map<string, string>();
    using broken = await startBroken((exchange) => {
      if (exchange.route !== 'POST /user/login/refresh' || exchange.status !== 201) return;
      exchange.body = answered.get(exchange.sent) ?? exchange.body;
      answered.set(exchange.sent, exchange.body);
    });

    expect(Object.keys(await failures(broken.url, { only: 'B' }))).toEqual(['b-refresh-again']);
  });

  it('find a logout that ends no session', async () => {
    using broken = await startBroken(() => undefined, 'DELETE /user/login');
    const found = Object.keys(await failures(broken.url));

    expect(found).toEqual(expect.arrayContaining(['b-logout-ends-session', 'across-logout']));
    expect(found.filter((id) => !id.includes('logout'))).toEqual([]);
  });
});

describe('latchkey-conformance', () => {
  it('prints a table and exits with 0 when all cases pass', async () => {
    const { code, out, err } = await run(kit.url, '--printed');

    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/^id +section +title +result +message\n/);
    expect(out).toMatch(/\na-login +A POST \/auth\/token +answers a login with both tokens +passed\n/);
    expect(out).toMatch(/\n\nall \d+ cases passed\n$/);
  });

  it('exits with 1 when a case fails, and says what the server did', async () => {
    using broken = await startBroken((exchange) => {
      if (exchange.route === 'GET /auth/getuser' && exchange.status === 200) exchange.body = '{"username":1}';
    });
    const table = await run(broken.url, '--printed', '--only', 'A');
    const json = await run(broken.url, '--printed', '--only', 'A', '--json');

    expect([table.code, json.code]).toEqual([1, 1]);
    expect(table.out).toMatch(/\na-getuser .* FAILED +GET \/auth\/getuser: expected .* got 200 \{"username":1\}\n/);
    const report = JSON.parse(json.out) as { failed: number; results: { id: string; contract: string }[] };
    expect(report.failed).toBe(2);
    expect(new Set(report.results.map(({ contract }) => contract))).toEqual(new Set(['A']));
  });

  it('says that answers were 429', async () => {
    const tenant = kit.tenant('full');
    await tenant.settings.change({ RATE_LIMIT: 'on', SIGNUP_LIMIT: 1 });
    const { code, err } = await run(tenant.url, '--printed', '--only', 'B');

    expect(code).toBe(1);
    expect(err).toMatch(/^latchkey-conformance: \d+ answers were 429, so limits may explain failures\n$/);
  });

  it('exits with 2 and one line for a server that it cannot reach', async () => {
    const closed = await listen(createServer());
    closed[Symbol.dispose]();
    const { code, out, err } = await run(closed.url);

    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(/^latchkey-conformance: cannot reach http:\/\/127\.0\.0\.1:\d+: GET \/: .*ECONNREFUSED.*\n$/);
  });

  it('exits with 2 and one line for a server that never answers', async () => {
    using silent = await listen(createServer());
    const { code, err } = await run(silent.url, '--timeout', '0.1');

    expect(code).toBe(2);
    expect(err).toBe(`latchkey-conformance: cannot reach ${silent.url}: GET /: no answer in time\n`);
  });

  it.each([
    { args: [] },
    { args: ['not a url'] },
    { args: ['ftp://example.com'] },
    { args: ['--nonsense'] },
    { args: ['http://example.com', '--only', 'C'] },
  ])('exits with 2 for wrong usage: $args', async ({ args }) => {
    const { code, out, err } = await run(...args);

    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(/^latchkey-conformance: /);
  });
});
