import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { problemDetails } from '../../../src/platform/http/dialect/problem-details.js';
import { answerOf } from '../../../src/platform/http/dialect/dialect.js';
import { FAILURE_CODES } from '../src/faults.js';
import { type RunningLatchkey, startLatchkey } from '../src/index.js';

const ALICE = { username: 'alice', password: 'correct horse battery staple' };
let kit: RunningLatchkey;

beforeAll(async () => {
  kit = await startLatchkey({ seed: [ALICE] });
});
beforeEach(() => kit.reset());
afterAll(() => kit.stop());

async function post(path: string, json: unknown) {
  const headers = { 'Content-Type': 'application/json' };
  const response = await fetch(kit.url + path, { method: 'POST', headers, body: JSON.stringify(json) });
  const body = (await response.json()) as Record<string, string>;
  return { status: response.status, retryAfter: response.headers.get('retry-after'), body };
}

describe('A fault', () => {
  it('fails once in the words of each contract, and the handler does not run', async () => {
    await kit.faults.add({ action: 'fail', failure: 'unavailable', retry_after: 7, times: 2 });

    expect(await post('/auth/register', { ...ALICE, username: 'bob' })).toMatchObject({
      ...{ status: 503, retryAfter: '7', body: { detail: 'service unavailable, try again later' } },
    });
    expect(await post('/user/login', ALICE)).toMatchObject({
      ...{ status: 503, body: { reason: 'service unavailable, try again later' } },
    });
    expect((await post('/user/login', ALICE)).status).toBe(201);
    expect((await kit.accounts.list()).map(({ username }) => username)).toEqual(['alice']);
  });

  it.each(FAILURE_CODES)('fails as %s', async (failure) => {
    await kit.faults.add({ action: 'fail', failure, match: { path: '/account/*' } });
    const { access } = await kit.tokens.mint('alice');
    const response = await fetch(`${kit.url}/account/sessions`, { headers: { Authorization: `Bearer ${access}` } });
    const { faults } = { faults: await kit.faults.list() };

    expect(response.headers.get('content-type')).toContain('application/problem+json');
    expect(faults).toMatchObject([{ left: 0, happened: 1 }]);
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(Object.keys((await response.json()) as object)).toEqual(
      expect.arrayContaining(Object.keys(answerOf(problemDetails, { code: 'internal' }).body as object)),
    );
  });

  it('drops the answer of a refresh after the commit, and the retry gets the same successor', async () => {
    const { refresh } = await kit.tokens.mint('alice');
    await kit.faults.add({ match: { path: '/auth/token/refresh' }, when: 'after', action: 'drop' });

    await expect(post('/auth/token/refresh', { refresh })).rejects.toThrow('fetch failed');
    const retried = await post('/auth/token/refresh', { refresh });
    const again = await post('/auth/token/refresh', { refresh });

    expect(retried.status).toBe(200);
    expect(retried.body['refresh']).not.toBe(refresh);
    expect(again.body['refresh']).toBe(retried.body['refresh']);
    expect((await post('/auth/token/verify', { token: again.body['access'] })).status).toBe(200);
  });

  it('drops the answer of a sign-up after the commit, so that the retry finds the account', async () => {
    const bob = { ...ALICE, username: 'bob' };
    await kit.faults.add({ match: { method: 'POST', username: 'bob' }, when: 'after', action: 'drop' });

    await expect(post('/auth/register', bob)).rejects.toThrow('fetch failed');
    expect((await post('/auth/register', bob)).status).toBe(409);
    expect((await post('/auth/token', bob)).status).toBe(200);
  });

  it('drops a request before the handler, so that nothing is written', async () => {
    const bob = { ...ALICE, username: 'bob' };
    await kit.faults.add({ action: 'drop' });

    await expect(post('/auth/register', bob)).rejects.toThrow('fetch failed');
    expect((await post('/auth/register', bob)).status).toBe(201);
  });

  it('truncates an answer', async () => {
    await kit.faults.add({ when: 'after', action: 'truncate' });

    await expect(post('/auth/token', ALICE)).rejects.toThrow('terminated');
    expect((await post('/auth/token', ALICE)).status).toBe(200);
  });

  it('replaces the answer after the commit', async () => {
    await kit.faults.add({ when: 'after', action: 'fail', failure: 'internal' });

    expect(await post('/auth/register', { ...ALICE, username: 'bob' })).toMatchObject({
      ...{ status: 500, body: { detail: 'internal server error' } },
    });
    expect(await kit.accounts.list('bob')).toHaveLength(1);
  });

  it('befalls only requests that match, after those that it skips', async () => {
    await kit.faults.add({ match: { username: 'bob' }, action: 'fail', failure: 'internal' });
    await kit.faults.add({ match: { username: 'alice' }, action: 'fail', failure: 'internal', skip: 1 });

    expect((await post('/auth/token', ALICE)).status).toBe(200);
    expect((await post('/auth/token', ALICE)).status).toBe(500);
    expect((await post('/auth/token', ALICE)).status).toBe(200);
  });

  it('outlives a change of settings, and ends with a reset', async () => {
    const { id } = await kit.faults.add({ action: 'fail', failure: 'internal', times: 9 });
    await kit.settings.change({ ACCESS_TOKEN_TTL: 60 });
    expect((await post('/auth/token', ALICE)).status).toBe(500);
    expect(await kit.faults.list()).toMatchObject([{ id, left: 8, happened: 1 }]);
    await kit.reset();

    expect(await kit.faults.list()).toEqual([]);
    expect((await post('/auth/token', ALICE)).status).toBe(200);
  });

  it('is no fault of the service in the check of the contract', async () => {
    await kit.faults.add({ action: 'fail', failure: 'user_exists' });
    await post('/auth/token', ALICE);

    expect((await kit.contract.violations()).filter(({ side }) => side === 'answer')).toEqual([]);
  });

  it.each([
    [{ action: 'explode' }, 'action'],
    [{ action: 'fail' }, 'failure'],
    [{ action: 'fail', failure: 'made_up' }, 'failure'],
    [{ action: 'truncate', when: 'before' }, 'when'],
    [{ action: 'drop', times: 0 }, 'times'],
    [{ action: 'drop', matches: {} }, 'matches'],
  ])('is refused as %j', async (fault, field) => {
    const { status, body } = await post('/_test/v1/faults', fault);

    expect(status).toBe(400);
    expect(Object.keys(body['errors'] ?? {})).toEqual([field]);
  });
});
