import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { JobsService } from '../src/jobs/jobs.service.js';
import { SessionsRepository } from '../src/users/sessions.repository.js';
import { PASSWORD, register } from './support/accounts.js';
import { type Service, startService } from './support/service.js';

const DAY = 24 * 3600;

let service: Service;
let replica: Service;
beforeAll(async () => {
  service = await startService();
  replica = await startService({ store: service.store, clock: service.clock });
});
afterAll(async () => {
  await replica.stop();
  await service.stop();
});

const runJobs = (at = service) => at.app.get(JobsService).run();
const count = async (table: string) => {
  const rows = await service.dataSource.query<{ n: unknown }[]>(`SELECT COUNT(*) AS n FROM ${table}`);
  return Number(rows[0]?.n);
};

describe('The jobs of each minute', () => {
  it('remove sessions that ended by logout or by time, and keep the live ones', async () => {
    const live = await register(service.client);
    for (let i = 0; i < 5; i++) {
      const { access, refresh } = await register(service.client);
      if (i < 3) await service.client.delete('/user/login', { access_token: access, refresh_token: refresh });
    }
    expect(await count('sessions')).toBe(6);
    await runJobs();
    expect(await count('sessions')).toBe(6);

    service.clock.advance(3 * DAY);
    const { refresh } = (await service.client.post('/auth/token/refresh', { refresh: live.refresh })).body as {
      refresh: string;
    };
    await runJobs();
    expect(await count('sessions')).toBe(3);
    service.clock.advance(6 * DAY);
    expect((await service.client.post('/auth/token/refresh', { refresh })).status).toBe(200);
    await runJobs();
    expect(await count('sessions')).toBe(1);
  });

  it('remove rows at one replica a minute, the first one that asks', async () => {
    const { username } = await register(service.client);
    for (let i = 0; i < 450; i++)
      await service.dataSource.query(
        'INSERT INTO sessions SELECT ?, user_id, user_epoch, refresh_hash, refresh_counter, created_at, refreshed_at, last_used_at, expires_at, ends_at, revoked_at, revoked_reason, user_agent, address, 1 FROM sessions ORDER BY id DESC LIMIT 1',
        [`copy-${i}`],
      );
    const before = await count('sessions');
    const removedBy = [service, replica].map((at) => {
      const repository = at.app.get(SessionsRepository);
      const purge = repository.purge.bind(repository);
      const removed: number[] = [];
      repository.purge = async (batch) => {
        const rows = await purge(batch);
        removed.push(rows);
        return rows;
      };
      return removed;
    });
    service.clock.advance(60);
    await Promise.all([runJobs(service), runJobs(replica)]);
    expect(await count('sessions')).toBe(before - 450);
    expect(removedBy.filter((removed) => removed.length > 0)).toEqual([[200, 200, 50]]);
    await runJobs(replica);
    expect(removedBy.flat()).toHaveLength(3);
    expect((await service.client.post('/auth/token', { username, password: PASSWORD })).status).toBe(200);
  });

  it('take a lease each', async () => {
    const leases = await service.dataSource.query<{ name: string }[]>('SELECT name FROM leases ORDER BY name');
    expect(leases.map(({ name }) => name)).toEqual([
      'events.trim',
      'limits.trim_counters',
      'limits.trim_known_sources',
      'sessions.purge',
    ]);
  });
});
