import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UpkeepService } from '../src/jobs/upkeep.service.js';
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

const purge = (at = service) => at.app.get(UpkeepService).run();
const count = async () => {
  const rows = await service.dataSource.query<{ n: unknown }[]>('SELECT COUNT(*) AS n FROM sessions');
  return Number(rows[0]?.n);
};

describe('upkeep', () => {
  it('removes sessions that ended, by logout or by time, and leaves the living ones', async () => {
    const living = await register(service.client);
    for (let i = 0; i < 5; i++) {
      const { access, refresh } = await register(service.client);
      if (i < 3) await service.client.delete('/user/login', { access_token: access, refresh_token: refresh });
    }
    expect(await count()).toBe(6);
    expect(await purge()).toBe(0);

    service.clock.advance(3 * DAY);
    const { refresh } = (await service.client.post('/auth/token/refresh', { refresh: living.refresh })).body as {
      refresh: string;
    };
    expect(await purge()).toBe(3);
    service.clock.advance(6 * DAY);
    expect((await service.client.post('/auth/token/refresh', { refresh })).status).toBe(200);
    expect(await purge()).toBe(2);
    expect(await count()).toBe(1);
  });

  it('is done by one replica a minute, whichever comes first', async () => {
    const { username } = await register(service.client);
    for (let i = 0; i < 450; i++)
      await service.dataSource.query(
        'INSERT INTO sessions SELECT ?, user_id, user_epoch, refresh_hash, refresh_counter, created_at, refreshed_at, last_used_at, expires_at, ends_at, revoked_at, revoked_reason, user_agent, address, 1 FROM sessions ORDER BY id DESC LIMIT 1',
        [`copy-${i}`],
      );
    service.clock.advance(60);
    const removed = await Promise.all([purge(service), purge(replica), purge(service), purge(replica)]);
    expect(removed.filter((n) => n > 0)).toEqual([450]);
    expect(await purge(replica)).toBe(0);
    expect((await service.client.post('/auth/token', { username, password: PASSWORD })).status).toBe(200);
  });
});
