import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type RunningLatchkey, startLatchkey } from '../src/index.js';

const PASSWORD = 'correct horse battery staple';
let kit: RunningLatchkey;

beforeAll(async () => {
  kit = await startLatchkey({ seed: [{ username: 'alice', password: PASSWORD }] });
});
beforeEach(() => kit.reset());
afterAll(() => kit.stop());

// eslint-disable-next-line @typescript-eslint/no-explicit-any
async function post(url: string, json: unknown): Promise<{ status: number; body: any }> {
  const headers = { 'Content-Type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(json) });
  return { status: response.status, body: await response.json() };
}
const login = (username: string, password: string, { url } = kit as { url: string }) =>
  post(`${url}/auth/token`, { username, password });

describe('The test kit', () => {
  it('speaks both contracts over its seed', async () => {
    expect((await login('alice', PASSWORD)).status).toBe(200);
    expect((await post(`${kit.url}/user/login`, { username: 'alice', password: PASSWORD })).status).toBe(201);
    expect((await login('alice', 'wrong')).status).toBe(401);
  });

  it('is ready and shows where it is', async () => {
    expect((await fetch(`${kit.url}/readyz`)).status).toBe(200);
    expect(await (await fetch(`${kit.url}/_test/v1`)).json()).toMatchObject({ issuer: kit.url, frozen: false });
  });

  it('gives each tenant accounts, a clock and an issuer of its own', async () => {
    const tenant = kit.tenant('w1');
    const { username, password } = await tenant.accounts.create();
    await tenant.clock.advance(3_600);

    expect((await login(username, password, tenant)).status).toBe(200);
    expect((await login(username, password)).status).toBe(401);
    const times = await Promise.all([kit.clock.read(), tenant.clock.read()]);
    expect(Date.parse(times[1].now) - Date.parse(times[0].now)).toBeGreaterThan(3_000_000);
  });

  it('expires tokens by its clock', async () => {
    const { access } = await kit.tokens.mint('alice');
    expect((await post(`${kit.url}/auth/token/verify`, { token: access })).status).toBe(200);
    await kit.clock.advance(901);
    expect((await post(`${kit.url}/auth/token/verify`, { token: access })).status).toBe(401);
  });

  it('counts limits once a test turns them on, and ends a 429 by its clock', async () => {
    await kit.settings.change({ RATE_LIMIT: 'on', LOGIN_LIMIT: 1 });
    const statuses = [];
    for (let i = 0; i < 3; i++) statuses.push((await login('alice', 'wrong')).status);
    await kit.clock.advance(120);
    statuses.push((await login('alice', PASSWORD)).status);

    expect(statuses).toEqual([401, 429, 429, 200]);
  });

  it('returns to its seed, its settings and its time, with the same signing keys', async () => {
    const keys = async () => (await fetch(`${kit.url}/.well-known/jwks.json`)).text();
    const before = await keys();
    await kit.accounts.generate(3);
    await kit.settings.change({ ACCESS_TOKEN_TTL: 60 });
    await kit.clock.advance(86_400);
    await kit.reset();

    expect((await kit.accounts.list()).map(({ username }) => username)).toEqual(['alice']);
    expect(await kit.settings.read()).toEqual({});
    expect(Math.abs(Date.parse((await kit.clock.read()).now) - Date.now())).toBeLessThan(60_000);
    expect(await keys()).toBe(before);
    expect(before).toContain('"kid":"testkit-');
  });

  it('masks secrets in the requests that it shows', async () => {
    const { body } = await login('alice', PASSWORD);
    const shown = JSON.stringify(await kit.requests.list());

    expect(shown).toContain('/auth/token');
    for (const secret of [PASSWORD, body.access, body.refresh]) expect(shown).not.toContain(secret);
  });

  it('documents its control plane in the same OpenAPI document', async () => {
    const document = (await (await fetch(`${kit.url}/openapi.json`)).json()) as { paths: object };

    expect(Object.keys(document.paths)).toEqual(expect.arrayContaining(['/auth/token', '/_test/v1/reset']));
  });
});
