import { describe, expect, it, vi } from 'vitest';
import { JobsService } from '../src/jobs/jobs.service.js';
import { SessionsRepository } from '../src/users/sessions.repository.js';
import { replicasOfFile, sessionOf } from './rotation/replicas.js';
import { PASSWORD, register } from './support/accounts.js';
import type { Reply } from './support/client.js';
import type { Service } from './support/service.js';

const replicas = replicasOfFile();
const { refreshB, getUser } = replicas;

describe('The time of a session’s last use', () => {
  const upkeep = (at = replicas.one) => at.app.get(JobsService).run();
  const lastUse = async (token: string) => {
    const rows = await replicas.one.dataSource.query<{ last_used_at: unknown }[]>(
      'SELECT last_used_at FROM sessions WHERE id = ?',
      [sessionOf(token)],
    );
    return Number(rows[0]?.last_used_at);
  };
  const login = async ({ username }: { username: string }) =>
    (await replicas.one.client.post('/auth/token', { username, password: PASSWORD })).body as { access: string };

  it.each<[string, (at: Service, access: string) => Promise<unknown>]>([
    ['each minute', (at) => upkeep(at)],
    ['at shutdown', (at) => at.stop()],
    ['before the owner lists the sessions', (at, access) => at.client.get('/account/sessions', access)],
  ])('is written %s', async (_, write) => {
    const at = await replicas.startWith({});
    const account = await register(replicas.one.client);
    const { access } = await login(account);
    const opened = await lastUse(account.access);
    replicas.one.clock.advance(60);
    expect((await at.client.get('/auth/getuser', account.access)).status).toBe(200);
    expect(await lastUse(account.access)).toBe(opened);
    await write(at, access);
    expect(await lastUse(account.access)).toBe(opened + 60_000);
    await at.stop();
  });

  it.each<[string, (account: { access: string; refresh: string }) => Promise<Reply>]>([
    ['GET /auth/getuser', ({ access }) => getUser(access)],
    ['POST /auth/token/verify', ({ access }) => replicas.one.client.post('/auth/token/verify', { token: access })],
    ['POST /user/login/refresh', ({ refresh: token }) => refreshB(token)],
  ])('is set by %s', async (_, use) => {
    const account = await register(replicas.one.client);
    const opened = await lastUse(account.access);
    replicas.one.clock.advance(60);
    expect((await use(account)).status).toBeLessThan(300);
    await upkeep();
    expect(await lastUse(account.access)).toBe(opened + 60_000);
  });

  it('is shown to the owner at once', async () => {
    const account = await register(replicas.one.client);
    const { access } = await login(account);
    replicas.one.clock.advance(60);
    await getUser(account.access);
    const used = new Date(replicas.one.clock.now()).toISOString();
    const { body } = await replicas.one.client.get('/account/sessions', access);
    const views = body.sessions as { id: string; last_used_at: string }[];
    expect(views.find(({ id }) => id === sessionOf(account.access))?.last_used_at).toBe(used);
  });

  it('is written once a minute at most, however often a session is used', async () => {
    const writes = vi.spyOn(replicas.one.app.get(SessionsRepository), 'touch');
    const { access } = await register(replicas.one.client);
    const sid = sessionOf(access);
    const opened = await lastUse(access);
    for (const [seconds, written] of [
      [59, 0],
      [1, 1],
      [59, 1],
      [1, 2],
    ] as const) {
      replicas.one.clock.advance(seconds);
      for (let i = 0; i < 3; i++) await getUser(access);
      await upkeep();
      await upkeep();
      expect(writes.mock.calls.filter(([ids]) => ids.includes(sid))).toHaveLength(written);
      expect(await lastUse(access)).toBe(opened + written * 60_000);
    }
    writes.mockRestore();
  });

  it('never goes back, even if the replica with the earlier use writes last', async () => {
    const { access } = await register(replicas.one.client);
    const opened = await lastUse(access);
    replicas.one.clock.advance(60);
    await getUser(access);
    replicas.one.clock.advance(1);
    await replicas.other.client.get('/auth/getuser', access);
    for (const at of [replicas.other, replicas.one]) await upkeep(at);
    expect(await lastUse(access)).toBe(opened + 61_000);
  });

  it('is batched for one statement, which is written once it is full', async () => {
    const accounts: Awaited<ReturnType<typeof register>>[] = [];
    for (let i = 0; i < 200; i++) accounts.push(await register(replicas.one.client));
    await upkeep();
    const writes = vi.spyOn(replicas.one.app.get(SessionsRepository), 'touch');
    replicas.one.clock.advance(60);
    const use = async (some: typeof accounts) => {
      for (const { access } of some) expect((await getUser(access)).status).toBe(200);
    };
    await use(accounts.slice(1));
    expect(writes).not.toHaveBeenCalled();
    await use(accounts.slice(0, 1));
    expect(writes.mock.calls.map(([ids]) => ids.length)).toEqual([200]);
    await writes.mock.results[0]!.value;
    for (const { access } of accounts) expect(await lastUse(access)).toBe(replicas.one.clock.now());
    writes.mockRestore();
  });

  it('fails no request when it cannot be written, and is written later', async () => {
    const refusal = replicas.one.store.isMySql
      ? "FOR EACH ROW SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'not now'"
      : "BEGIN SELECT RAISE(ABORT, 'not now'); END";
    // The framework's logger writes to the instance that was started last.
    const at = await replicas.startWith({});
    const present = async () => (await at.client.get('/auth/getuser', access)).status;
    const { access } = await register(at.client);
    const opened = await lastUse(access);
    replicas.one.clock.advance(60);
    await replicas.one.dataSource.query(`CREATE TRIGGER unwritable BEFORE UPDATE ON sessions ${refusal}`);
    try {
      expect(await present()).toBe(200);
      await upkeep(at);
      expect(await present()).toBe(200);
      expect((await at.client.get('/account/sessions', access)).status).toBe(200);
      expect(await lastUse(access)).toBe(opened);
      const complaints = at.log.filter(({ event }) => event === 'last_uses_not_written');
      expect(complaints).toHaveLength(2);
      expect(complaints[0]).toMatchObject({ level: 'warn' });
    } finally {
      await replicas.one.dataSource.query('DROP TRIGGER unwritable');
    }
    await present();
    await upkeep(at);
    expect(await lastUse(access)).toBe(replicas.one.clock.now());
    await at.stop();
  });
});
