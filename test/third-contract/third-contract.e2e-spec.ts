import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { CONTRACTS } from '../../src/auth/contract.js';
import { SecurityEventsService } from '../../src/events/security-events.service.js';
import { StartupService } from '../../src/startup/startup.service.js';
import { newName, PASSWORD, register } from '../support/accounts.js';
import type { Reply } from '../support/client.js';
import { type Service, startService } from '../support/service.js';
import { thirdContract } from './login/login.controller.js';

const MEDIA_TYPE = 'application/vnd.api+json';
const PATH = '/v3/login';

let service: Service;
beforeAll(async () => {
  service = await startService({
    contracts: [...CONTRACTS, thirdContract],
    env: { RATE_LIMIT: 'on', LOGIN_LIMIT: '2', SWAGGER: 'on' },
  });
});
afterAll(() => service.stop());
beforeEach(async () => {
  await service.dataSource.query('DELETE FROM counters');
});

const login = (body: unknown, mediaType = MEDIA_TYPE) =>
  service.client.call('POST', PATH, { raw: [mediaType, JSON.stringify(body)] });

function expectErrors(reply: Reply, status: number, ...errors: object[]): void {
  expect(reply.status).toBe(status);
  expect(reply.headers.get('content-type')).toMatch(/^application\/vnd\.api\+json/);
  expect(reply.body).toEqual({ errors: errors.map((error) => ({ status: String(status), ...error })) });
}

describe('A third contract', () => {
  it('logs in, and its event has the name of the contract', async () => {
    const { username } = await register(service.client);
    const reply = await login({ username, password: PASSWORD });
    expect([reply.status, reply.headers.get('content-type')]).toEqual([201, expect.stringContaining(MEDIA_TYPE)]);
    const { access } = (reply.body as { meta: { access: string } }).meta;
    expect((await service.client.get('/auth/getuser', access)).body).toEqual({ username });
    await service.app.get(SecurityEventsService).write();
    const sql = "SELECT contract FROM events WHERE event = 'login' AND request_id = ?";
    const id = reply.headers.get('x-request-id');
    expect(await service.dataSource.query(sql, [id])).toEqual([{ contract: 'v3' }]);
  });

  it('answers 400 in its own words, naming the fields', async () => {
    const pointer = (field: string) => ({ source: { pointer: `/${field}` } });
    expectErrors(
      await login({ username: 1 }),
      400,
      { code: 'invalid_field', title: 'not a valid string', ...pointer('username') },
      { code: 'invalid_field', title: 'this field is required', ...pointer('password') },
    );
  });

  it('answers 400 in its own words to a body that is not an object', async () => {
    expectErrors(await login([]), 400, { title: 'the request body is not an object' });
    const half = await service.client.call('POST', PATH, { raw: [MEDIA_TYPE, '{'] });
    expectErrors(half, 400, { title: 'the request body is not valid JSON' });
  });

  it('answers 401 in its own words, and 429 after too many attempts', async () => {
    const { username } = await register(service.client);
    const guess = { username, password: 'wrong password' };
    const wrong = { code: 'invalid_credentials', title: 'not authenticated' };
    expectErrors(await login(guess), 401, wrong);
    expectErrors(await login(guess), 401, wrong);
    const refused = await login(guess);
    expectErrors(refused, 429, { title: 'too many attempts, try again later' });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  });

  it('answers 404 in its own words', async () => {
    for (const path of ['/v3', '/v3/nothing'])
      expectErrors(await service.client.get(path), 404, { title: 'not found' });
  });

  it('answers 405 in its own words', async () => {
    const reply = await service.client.get(PATH);
    expectErrors(reply, 405, { title: 'method not allowed' });
    expect(reply.headers.get('allow')).toBe('POST');
  });

  it('answers 413 in its own words', async () => {
    expectErrors(await login({ username: 'x'.repeat(20_000) }), 413, { title: 'the request body is too large' });
  });

  it('answers 415 in its own words, and no other contract takes its media type', async () => {
    expectErrors(await login({}, 'application/json'), 415, { title: 'unsupported media type' });
    const other = await service.client.call('POST', '/auth/token', { raw: [MEDIA_TYPE, '{}'] });
    expect(other.status).toBe(415);
  });

  it('answers 500 in its own words', async () => {
    const broken = await startService({ contracts: [thirdContract] });
    try {
      await broken.dataSource.query('DROP TABLE users');
      const raw = [MEDIA_TYPE, JSON.stringify({ username: newName(), password: PASSWORD })] as const;
      expectErrors(await broken.client.call('POST', PATH, { raw }), 500, { title: 'internal server error' });
    } finally {
      await broken.stop();
    }
  });

  it('answers 503 in its own words', async () => {
    const isReady = vi.spyOn(service.app.get(StartupService), 'isReady', 'get').mockReturnValue(false);
    try {
      const reply = await login({ username: 'someone', password: PASSWORD });
      expectErrors(reply, 503, { title: 'service unavailable, try again later' });
      expect(reply.headers.get('retry-after')).toBe('2');
    } finally {
      isReady.mockRestore();
    }
  });

  it('has its tag, its media type and its refusals in the document', async () => {
    const document = (await (await fetch(`${service.url}/openapi.json`)).json()) as {
      tags: object[];
      paths: Record<string, { post: { tags: string[]; requestBody: { content: object }; responses: object } }>;
    };
    expect(document.tags).toContainEqual({ name: 'contract v3', description: 'Routes below /v3' });
    const operation = document.paths[PATH]!.post;
    expect(operation.tags).toEqual(['contract v3']);
    expect(Object.keys(operation.requestBody.content)).toEqual([MEDIA_TYPE]);
    expect(Object.keys(operation.responses)).toEqual(['201', '400', '401', '413', '415', '429', '500', '503']);
    expect(JSON.stringify(operation.responses)).toContain('too many attempts, try again later');
  });
});
