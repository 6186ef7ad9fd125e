import { describe, expect, it, vi } from 'vitest';
import { StatementsService } from '../../src/platform/database/statements.service.js';
import { RotationsService } from '../../src/sessions/rotations.service.js';
import { register } from '../support/accounts.js';
import { replicasOfFile, sessionOf } from './replicas.js';

const replicas = replicasOfFile();
const { refresh } = replicas;

describe('Refreshes of many sessions at once', () => {
  /**
   * What happens to each session before its first refresh token is used, and the answers to using
   * it.
   */
  const cases: [string, (account: Awaited<ReturnType<typeof register>>) => Promise<unknown>, number[]][] = [
    ['live', () => Promise.resolve(), [200]],
    ['live, and sent twice', () => Promise.resolve(), [200, 200]],
    ['refreshed just now', (account) => refresh(account.refresh, replicas.other), [200]],
    [
      'refreshed twice',
      async (account) => refresh((await refresh(account.refresh, replicas.other)).refresh, replicas.other),
      [401],
    ],
    [
      'logged out',
      (account) =>
        replicas.other.client.delete('/user/login', { access_token: account.access, refresh_token: account.refresh }),
      [401],
    ],
    [
      'of a disabled account',
      ({ username }) =>
        replicas.one.dataSource.query('UPDATE users SET disabled_at = 1 WHERE username = ?', [username]),
      [401],
    ],
    ['expired', ({ refresh: token }) => changeSession(token, 'expires_at = ?', 1), [401]],
    [
      'that ends before the successor would',
      ({ refresh: token }) => changeSession(token, 'ends_at = ?', replicas.one.clock.now() + 3_600_000),
      [200],
    ],
    ['ended by another session of the account', ({ username }) => keepSession(username, 'another'), [401]],
    [
      'kept when the others were ended',
      ({ username, refresh: token }) => keepSession(username, sessionOf(token)),
      [200],
    ],
  ];
  const changeSession = (token: string, change: string, value: number) =>
    replicas.one.dataSource.query(`UPDATE sessions SET ${change} WHERE id = ?`, [value, sessionOf(token)]);
  const keepSession = (username: string, sid: string) =>
    replicas.one.dataSource.query(
      'UPDATE users SET session_epoch = 1, kept_epoch = 1, kept_session_id = ? WHERE username = ?',
      [sid, username],
    );

  it('are written by few statements, each under its own condition', async () => {
    const used = [];
    for (const [name, before, expected] of Array.from({ length: 6 }, () => cases).flat()) {
      const account = await register(replicas.one.client);
      await before(account);
      used.push({ name, token: account.refresh, expected });
    }
    const statements = replicas.one.app.get(StatementsService).batched;
    const write = statements.write.bind(statements);
    const rotations = vi.spyOn(replicas.one.app.get(RotationsService), 'rotate');
    const total = used.flatMap(({ expected }) => expected).length;
    // The first statements wait until all the other rotations have arrived.
    const writes = vi.spyOn(statements, 'write').mockImplementation(async (sql, values) => {
      await vi.waitFor(() => {
        expect(rotations.mock.calls.length).toBeGreaterThanOrEqual(total);
      });
      return write(sql, values);
    });

    const answers = await Promise.all(
      used.map(async ({ name, token, expected }) => {
        const replies = await Promise.all(expected.map(() => refresh(token)));
        return { name, replies };
      }),
    );
    const updates = writes.mock.calls.map(([sql]) => sql).filter((sql) => sql.includes('SET refresh_counter'));
    rotations.mockRestore();
    writes.mockRestore();

    expect(updates.length).toBeLessThan(12);
    expect(updates.some((sql) => sql.includes('CASE'))).toBe(true);
    expect(answers.map(({ name, replies }) => [name, ...replies.map(({ status }) => status)])).toEqual(
      used.map(({ name, expected }) => [name, ...expected]),
    );
    for (const { replies } of answers) {
      const given = replies.filter(({ status }) => status === 200);
      expect(new Set(given.map(({ refresh: successor }) => successor)).size).toBe(Math.min(1, given.length));
      for (const { refresh: successor } of given.slice(0, 1)) expect((await refresh(successor)).status).toBe(200);
    }
    expect(await replicas.one.dataSource.query('SELECT id FROM sessions WHERE expires_at > ends_at')).toEqual([]);
  });
});
