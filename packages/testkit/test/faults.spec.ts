import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type FaultInput, type RunningLatchkey, startLatchkey } from '../src/index.js';

const PASSWORD = 'correct horse battery staple';
const CREDENTIALS = { username: 'alice', password: PASSWORD };
let kit: RunningLatchkey;

beforeAll(async () => {
  kit = await startLatchkey({ seed: [CREDENTIALS] });
});
beforeEach(() => kit.reset());
afterAll(() => kit.stop());

const send = (path: string, json: unknown) =>
  fetch(`${kit.url}${path}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(json),
  });
// eslint-disable-next-line @typescript-eslint/no-explicit-any
async function post(path: string, json: unknown): Promise<{ status: number; body: any }> {
  const response = await send(path, json);
  return { status: response.status, body: await response.json() };
}
const login = () => post('/auth/token', CREDENTIALS);

describe('A fault', () => {
  it('loses the answer of a refresh, and a retry gets the same successor', async () => {
    const { refresh } = await kit.tokens.mint('alice');
    await kit.faults.add({ match: { path: '/auth/token/refresh' }, when: 'after', action: 'drop' });

    await expect(post('/auth/token/refresh', { refresh })).rejects.toThrow('fetch failed');
    const retried = await post('/auth/token/refresh', { refresh });
    const again = await post('/auth/token/refresh', { refresh });

    expect(retried.status).toBe(200);
    expect(again.body.refresh).toBe(retried.body.refresh);
  });

  it('loses the answer of a refresh that is committed, so a retry after the replay window is refused', async () => {
    const { refresh } = await kit.tokens.mint('alice');
    await kit.faults.add({ when: 'after', action: 'drop' });
    await expect(post('/auth/token/refresh', { refresh })).rejects.toThrow('fetch failed');
    await kit.clock.advance(31);

    expect((await post('/auth/token/refresh', { refresh })).status).toBe(401);
  });

  it('loses the answer of a sign-up, which has made the account', async () => {
    const account = { username: 'bob', email: 'bob@example.com', password: PASSWORD };
    await kit.faults.add({ match: { username: 'BOB' }, when: 'after', action: 'drop' });

    await expect(post('/auth/register', account)).rejects.toThrow('fetch failed');
    expect((await post('/auth/register', account)).status).toBe(409);
    expect((await post('/auth/token', { username: 'bob', password: PASSWORD })).status).toBe(200);
  });

  it('drops a request before the handler runs, so that nothing happens', async () => {
    const account = { username: 'bob', email: 'bob@example.com', password: PASSWORD };
    await kit.faults.add({ when: 'before', action: 'drop' });

    await expect(post('/auth/register', account)).rejects.toThrow('fetch failed');
    expect((await kit.accounts.list()).map(({ username }) => username)).toEqual(['alice']);
  });

  it('announces the whole answer and sends half of it', async () => {
    await kit.faults.add({ when: 'after', action: 'truncate' });
    const response = await send('/auth/token', CREDENTIALS);

    expect(response.status).toBe(200);
    expect(Number(response.headers.get('content-length'))).toBeGreaterThan(100);
    await expect(response.text()).rejects.toThrow('terminated');
  });

  it('fails in the dialect of the route', async () => {
    const failure = { code: 'throttled', retryAfter: 7 } as const;
    await kit.faults.add({ when: 'before', action: 'fail', failure, times: 2 });
    const answers = [await send('/auth/token', CREDENTIALS), await send('/user/login', CREDENTIALS)];

    expect(answers.map(({ status }) => status)).toEqual([429, 429]);
    expect(answers.map(({ headers }) => headers.get('retry-after'))).toEqual(['7', '7']);
    const [a, b] = await Promise.all(answers.map((response) => response.json()));
    expect(a).not.toEqual(b);
  });

  it('replaces the answer after the commit', async () => {
    const { refresh } = await kit.tokens.mint('alice');
    await kit.settings.change({ REFRESH_REPLAY_WINDOW: 0 });
    await kit.faults.add({ when: 'after', action: 'fail', failure: 'unavailable' });
    const statuses = [];
    for (let i = 0; i < 2; i++) statuses.push((await post('/auth/token/refresh', { refresh })).status);

    expect(statuses).toEqual([503, 401]);
  });

  it('fails a request without a body', async () => {
    const { access } = await kit.tokens.mint('alice');
    await kit.faults.add({
      match: { method: 'get', path: '/auth/*' },
      when: 'before',
      action: 'fail',
      failure: 'internal',
    });
    const getUser = () => fetch(`${kit.url}/auth/getuser`, { headers: { Authorization: `Bearer ${access}` } });

    expect([(await getUser()).status, (await getUser()).status]).toEqual([500, 200]);
  });

  it.each(['before', 'after'] as const)('delays %s the handler, until it is cleared at the latest', async (when) => {
    await kit.faults.add({ when, action: 'delay', delay_ms: 60_000 });
    let isAnswered = false;
    const answered = login().finally(() => (isAnswered = true));
    // The fault has fired once the list says so.
    while ((await kit.faults.list())[0]?.fired !== 1);
    await kit.clock.read();
    expect(isAnswered).toBe(false);
    // `after`: the answer may not have reached the fault yet, so clear until it has.
    // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- changes when answered
    while (!isAnswered) await kit.faults.clear();

    expect((await answered).status).toBe(200);
  });

  it('lets requests pass first, fires as often as it says, and counts', async () => {
    await kit.faults.add({ when: 'before', action: 'fail', failure: 'unavailable', times: 2, skip: 1 });
    await login();
    await login();

    expect(await kit.faults.list()).toMatchObject([{ skip: 0, times: 1, fired: 1 }]);
    expect([(await login()).status, (await login()).status]).toEqual([503, 200]);
  });

  it('outlives a change of settings, and does not outlive a reset', async () => {
    await kit.faults.add({ when: 'before', action: 'fail', failure: 'unavailable', times: 9 });
    await kit.settings.change({ ACCESS_TOKEN_TTL: 60 });
    expect((await login()).status).toBe(503);
    await kit.reset();
    expect((await login()).status).toBe(200);
  });

  it('belongs to one tenant', async () => {
    await kit.tenant('other').faults.add({ when: 'before', action: 'drop' });

    expect((await login()).status).toBe(200);
  });

  it('shows in the requests, dropped ones with status 0', async () => {
    await kit.faults.add({ when: 'before', action: 'drop' });
    await kit.faults.add({ when: 'after', action: 'drop' });
    await kit.faults.add({ when: 'before', action: 'fail', failure: 'internal' });
    for (let i = 0; i < 3; i++) await login().catch(() => undefined);
    await login();

    expect((await kit.requests.list()).map(({ status, fault }) => [status, fault])).toEqual([
      [0, 'drop'],
      [0, 'drop'],
      [500, 'fail'],
      [200, undefined],
    ]);
  });

  it('can be removed', async () => {
    const { id } = await kit.faults.add({ when: 'before', action: 'drop' });
    await kit.faults.remove(id);

    expect(await kit.faults.list()).toEqual([]);
    await expect(kit.faults.remove(id)).rejects.toMatchObject({ status: 404 });
  });

  it.each([
    { when: 'before', action: 'explode' },
    { when: 'before', action: 'fail' },
    { when: 'before', action: 'fail', failure: 'nonsense' },
    { when: 'before', action: 'fail', failure: { code: 'throttled' } },
    { when: 'before', action: 'fail', failure: { code: 'invalid_fields', fields: { a: [{ code: 'too_short' }] } } },
    { when: 'before', action: 'fail', failure: { code: 'internal', more: 1 } },
    { when: 'before', action: 'delay' },
    { when: 'before', action: 'truncate' },
    { when: 'after', action: 'drop', failure: 'internal' },
    { when: 'after', action: 'drop', times: 0 },
    { when: 'after', action: 'drop', match: { name: 'alice' } },
  ])('is refused as %j', async (fault) => {
    await expect(kit.faults.add(fault as unknown as FaultInput)).rejects.toMatchObject({ status: 400 });
  });

  it('answers every code that the document lists', async () => {
    const document = await (await fetch(`${kit.url}/openapi.json`)).json();
    // eslint-disable-next-line @typescript-eslint/no-explicit-any
    const { schema } = (document as any).paths['/_test/v1/faults'].post.requestBody.content['application/json'];
    const codes = schema.properties.failure.anyOf[0].enum as FaultInput['failure'][];
    expect(codes).toContain('client_disconnected');
    for (const failure of codes) {
      await kit.faults.add({ when: 'after', action: 'fail', failure: failure as 'internal' });
      expect((await login()).status, JSON.stringify(failure)).toBeGreaterThanOrEqual(400);
    }
  });
});
