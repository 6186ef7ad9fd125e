import { describe, expect, it } from 'vitest';
import { SecurityEventsService } from '../../src/events/security-events.service.js';
import { PASSWORD, register } from '../support/accounts.js';
import { replicasOfFile, sessionOf, WINDOW } from './replicas.js';

const replicas = replicasOfFile();
const { refresh, refreshB, getUser } = replicas;
const replaysOf = (sid: string) =>
  [...replicas.one.log, ...replicas.other.log].filter((line) => line['event'] === 'replay' && line['session'] === sid);

describe.each([
  ['A', async (token: string) => (await refresh(token)).reply],
  ['B', refreshB],
] as const)('a replay at contract %s', (_, replay) => {
  it('ends that session with its newest tokens, and no other of the account, and is logged once', async () => {
    const { username, refresh: stolen, access } = await register(replicas.one.client);
    const other = await replicas.one.client.post('/auth/token', { username, password: PASSWORD });
    const newest = await refresh(stolen);
    replicas.one.clock.advance(WINDOW);

    const reply = await replay(stolen);
    expect(reply.status).toBe(401);
    expect(reply.headers.get('www-authenticate')).toBe('Bearer error="invalid_token", error_description="rotated"');
    for (const token of [access, newest.access]) expect((await getUser(token)).status).toBe(401);
    expect((await refresh(newest.refresh)).status).toBe(401);
    expect((await refreshB(newest.refresh)).status).toBe(401);
    expect((await getUser(other.body.access as string)).status).toBe(200);

    await replay(stolen);
    for (const { app } of [replicas.one, replicas.other]) await app.get(SecurityEventsService).write();
    expect(replaysOf(sessionOf(stolen))).toMatchObject([{ level: 'warn', event: 'replay' }]);
    const rows = await replicas.one.dataSource.query<{ revoked_reason: string }[]>(
      'SELECT revoked_reason FROM sessions WHERE id = ?',
      [sessionOf(stolen)],
    );
    expect(rows).toEqual([{ revoked_reason: 'replay' }]);
  });
});
