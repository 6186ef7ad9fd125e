import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CASES_B } from '../packages/testkit/src/conformance/cases-b.js';
import { newName, PASSWORD, signUp } from './support/accounts.js';
import { contextOf } from './support/conformance.js';
import { type Service, startService } from './support/service.js';

let service: Service;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.stop());

describe('Contract B', () => {
  for (const { id, section, title, run } of CASES_B)
    it(`${section}: ${title} (${id})`, () => run(contextOf(service.client)));
});

describe('Contract B, seen from the database and the clock', () => {
  it('refuses a disabled account, by both of its names, like an unknown name', async () => {
    const { username, email } = await signUp(service.client);
    await service.dataSource.query('UPDATE users SET disabled_at = 1 WHERE username = ?', [username]);
    for (const name of [username, email]) {
      const reply = await service.client.post('/user/login', { username: name, password: PASSWORD });
      expect([reply.status, reply.text]).toEqual([
        401,
        '{"status":"BAD REQUEST","reason":"the username or the password is wrong"}',
      ]);
    }
  });

  it('stores first and last names unchanged', async () => {
    const username = newName();
    const form = {
      username,
      email: `${username}@example.com`,
      password: PASSWORD,
      first_name: 'Zoë',
      last_name: "O'Néill-Ñandú 山田",
    };
    expect((await service.client.post('/user/signup', form)).status).toBe(201);
    const rows = await service.dataSource.query<object[]>('SELECT * FROM users WHERE username = ?', [username]);
    expect(rows).toMatchObject([{ first_name: form.first_name, last_name: form.last_name, email: form.email }]);
  });

  it('accepts expired tokens of a session at its logout', async () => {
    const { access, refresh } = await signUp(service.client);
    service.clock.advance(8 * 24 * 3600);
    const reply = await service.client.delete('/user/login', { access_token: access, refresh_token: refresh });
    expect(reply.status).toBe(204);
  });
});
