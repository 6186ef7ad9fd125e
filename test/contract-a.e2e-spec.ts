import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CASES_A } from '../packages/testkit/src/conformance/cases-a.js';
import { newName, PASSWORD, register } from './support/accounts.js';
import { contextOf } from './support/conformance.js';
import { type Service, startService } from './support/service.js';

let service: Service;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.stop());

describe('Contract A', () => {
  for (const { id, section, title, run } of CASES_A)
    it(`${section}: ${title} (${id})`, () => run(contextOf(service.client)));
});

describe('Contract A, seen from the database', () => {
  it('refuses a disabled account like an unknown name', async () => {
    const { username } = await register(service.client);
    await service.dataSource.query('UPDATE users SET disabled_at = 1 WHERE username = ?', [username]);
    const reply = await service.client.post('/auth/token', { username, password: PASSWORD });
    expect([reply.status, reply.text]).toEqual([
      401,
      '{"detail":"No active account found with the given credentials"}',
    ]);
  });

  it('stores no field that the contract does not define', async () => {
    const username = newName();
    const more = { id: '1', disabledAt: 1, email: 'intruder@example.com', sessionEpoch: 9, first_name: 'x' };
    expect((await service.client.post('/auth/register', { username, password: PASSWORD, ...more })).status).toBe(201);
    const rows = await service.dataSource.query<object[]>('SELECT * FROM users WHERE username = ?', [username]);
    expect(rows).toMatchObject([{ email: null, first_name: '', session_epoch: 0, disabled_at: null }]);
  });
});
