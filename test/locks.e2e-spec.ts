import { type Connection, createConnection } from 'mysql2/promise';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import { StatementsService } from '../src/platform/database/statements.service.js';
import { RotationsService } from '../src/sessions/rotations.service.js';
import { register } from './support/accounts.js';
import { type Service, startService } from './support/service.js';
import { claimsOf } from './support/tokens.js';

const sidOf = ({ refresh }: { refresh: string }) => claimsOf(refresh).sid;

// With SQLite, this process is the only writer.
describe.skipIf(!inject('mysqlUrl'))('A session whose row another transaction has locked', () => {
  let service: Service;
  let holder: Connection;
  beforeAll(async () => {
    service = await startService();
  });
  afterAll(() => service.stop());
  beforeEach(async () => {
    holder = await createConnection(service.store.env['DATABASE_URL']!);
  });
  afterEach(() => holder.end());

  const hold = async () => {
    await holder.beginTransaction();
    await holder.query('SELECT * FROM sessions FOR UPDATE');
  };

  it('answers 503 with Retry-After after a bounded wait, and can be refreshed afterwards', async () => {
    const account = await register(service.client);
    await hold();
    const refused = await service.client.post('/auth/token/refresh', { refresh: account.refresh });
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '2']);
    // Reads do not wait.
    expect((await service.client.get('/auth/getuser', account.access)).status).toBe(200);
    await holder.rollback();
    expect((await service.client.post('/auth/token/refresh', { refresh: account.refresh })).status).toBe(200);
  });

  it('is refreshed as soon as the lock is released', async () => {
    const account = await register(service.client);
    await hold();
    const refreshed = service.client.post('/auth/token/refresh', { refresh: account.refresh });
    // Waits until the server lists the UPDATE, which then waits for the lock.
    for (;;) {
      const [rows] = await holder.query(
        "SELECT id FROM information_schema.processlist WHERE info LIKE 'UPDATE%sessions%'",
      );
      if ((rows as unknown[]).length > 0) break;
    }
    await holder.rollback();
    expect((await refreshed).status).toBe(200);
  });

  it('does not keep other sessions from being refreshed at the same time', async () => {
    const [held, ...others] = await Promise.all(Array.from({ length: 25 }, () => register(service.client)));
    await holder.beginTransaction();
    await holder.query('UPDATE users SET disabled_at = 1 WHERE username_key = ?', [held!.username]);
    // Delays the writes until all rotations have begun. The first two are written alone.
    const statements = service.app.get(StatementsService).batched;
    const write = statements.write.bind(statements);
    const rotations = vi.spyOn(service.app.get(RotationsService), 'rotate');
    const writes = vi.spyOn(statements, 'write').mockImplementation(async (sql, values) => {
      await vi.waitFor(() => {
        expect(rotations).toHaveBeenCalledTimes(25);
      });
      return write(sql, values);
    });
    const refresh = async ({ refresh: token }: { refresh: string }) =>
      (await service.client.post('/auth/token/refresh', { refresh: token })).status;
    const answers = Promise.all(others.map(refresh));
    const ofHeld = await refresh(held!);
    const ofOthers = await answers;
    const batched = writes.mock.calls.filter(([, values]) => values.includes(sidOf(held!)) && values.length > 100);
    vi.restoreAllMocks();
    await holder.rollback();
    expect(batched).not.toEqual([]);
    expect([ofHeld, new Set(ofOthers)]).toEqual([503, new Set([200])]);
    expect(await refresh(held!)).toBe(200);
  });
});
