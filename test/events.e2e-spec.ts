import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { MOST_OF_SOURCE } from '../src/events/event-limits.js';
import { SecurityEventsService } from '../src/events/security-events.service.js';
import { SigningKeysService } from '../src/keys/signing-keys.service.js';
import { JobsService } from '../src/jobs/jobs.service.js';
import { newName, PASSWORD, register, signUp } from './support/accounts.js';
import { type Service, startService } from './support/service.js';
import { claimsOf } from './support/tokens.js';

const REQUEST_ID = 'events-test-1';
const headers = { 'x-request-id': REQUEST_ID };
const DAY = 24 * 3600;

interface Row {
  readonly id: string;
  readonly at: number;
  readonly event: string;
  readonly outcome: string;
  readonly reason: string | null;
  readonly user_id: string | null;
  readonly session_id: string | null;
  readonly source: string;
  readonly contract: string;
  readonly request_id: string;
}

let service: Service;
beforeAll(async () => {
  service = await startService({ env: { RATE_LIMIT: 'on', LOGIN_LIMIT: '2', SIGNUP_LIMIT: '100', EVENT_DAYS: '3' } });
});
afterAll(() => service.stop());
afterEach(async () => {
  await service.dataSource.query('DELETE FROM counters');
});

/** The events of a request id, oldest first, as the table and as the log have them. */
async function eventsOf(requestId = REQUEST_ID): Promise<Row[]> {
  await service.app.get(SecurityEventsService).write();
  const rows = await service.dataSource.query<Row[]>('SELECT * FROM events WHERE request_id = ? ORDER BY id', [
    requestId,
  ]);
  const lines = service.log.filter((line) => line['context'] === 'security' && line['reqId'] === requestId);
  expect(lines.map((line) => [line['event'], line['outcome'], line['reason'] ?? null, line['user'] ?? null])).toEqual(
    rows.map((row) => [row.event, row.outcome, row.reason, row.user_id]),
  );
  return rows;
}

let count = 0;
/** Sends a request. @returns the events that it caused */
async function eventsFrom(method: string, path: string, request: { json?: unknown; bearer?: string }): Promise<Row[]> {
  count += 1;
  const id = `${REQUEST_ID}-${count}`;
  await service.client.call(method, path, { ...request, headers: { 'x-request-id': id } });
  return eventsOf(id);
}

describe('Events', () => {
  it('are recorded for sign-ups, with the account, the source and the request', async () => {
    const username = newName();
    const reply = await service.client.call('POST', '/auth/register', {
      json: { username, password: PASSWORD },
      headers,
    });
    const { sub, sid } = claimsOf((reply.body as { access: string }).access);
    const [event, ...rest] = await eventsOf();
    expect(rest).toEqual([]);
    expect({ ...event, at: Number(event?.at) }).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      at: service.clock.now(),
      event: 'signup',
      outcome: 'success',
      reason: null,
      user_id: sub,
      session_id: sid,
      source: '127.0.0.1',
      contract: 'A',
      request_id: REQUEST_ID,
    });
  });

  it('are recorded for everything that happens to an account', async () => {
    const { username, email, access, refresh } = await signUp(service.client);
    const { sub, sid } = claimsOf(access);
    const user = { user_id: sub };
    const session = { ...user, session_id: sid };
    const wrong = 'not the password';

    const login = await eventsFrom('POST', '/user/login', { json: { username: email, password: PASSWORD } });
    expect(login).toMatchObject([{ event: 'login', outcome: 'success', contract: 'B', ...user }]);
    expect(login[0]?.session_id).not.toBe(sid);
    expect(await eventsFrom('POST', '/auth/token', { json: { username, password: wrong } })).toMatchObject([
      { event: 'login', outcome: 'failure', reason: 'wrong_password', contract: 'A', session_id: null, ...user },
    ]);
    expect(await eventsFrom('POST', '/auth/token', { json: { username: newName(), password: wrong } })).toMatchObject([
      { event: 'login', outcome: 'failure', reason: 'unknown_name', user_id: null },
    ]);
    const again = await eventsFrom('POST', '/user/signup', {
      json: { username, email, password: PASSWORD, first_name: '', last_name: '' },
    });
    expect(again).toMatchObject([{ event: 'signup', outcome: 'failure', reason: 'user_exists', contract: 'B' }]);
    expect(await eventsFrom('POST', '/auth/token/refresh', { json: { refresh } })).toMatchObject([
      { event: 'refresh', outcome: 'success', contract: 'A', ...session },
    ]);
    service.clock.advance(60);
    expect(await eventsFrom('POST', '/user/login/refresh', { json: { refresh_token: refresh } })).toMatchObject([
      { event: 'replay', outcome: 'failure', contract: 'B', ...session },
    ]);
    const other = await register(service.client);
    const json = { current_password: wrong, new_password: 'another horse battery' };
    expect(await eventsFrom('POST', '/account/password', { bearer: other.access, json })).toMatchObject([
      { event: 'password_change', outcome: 'failure', contract: 'account', user_id: claimsOf(other.access).sub },
    ]);
    expect(
      await eventsFrom('POST', '/account/password', {
        bearer: other.access,
        json: { ...json, current_password: PASSWORD },
      }),
    ).toMatchObject([{ event: 'password_change', outcome: 'success', session_id: claimsOf(other.access).sid }]);
    expect(await eventsFrom('DELETE', '/account/sessions?scope=others', { bearer: other.access })).toMatchObject([
      { event: 'session_end', outcome: 'success', reason: 'others' },
    ]);
    const tokens = { access_token: other.access, refresh_token: other.refresh };
    expect(await eventsFrom('DELETE', '/user/login', { json: tokens })).toMatchObject([
      { event: 'logout', outcome: 'success', contract: 'B', session_id: claimsOf(other.access).sid },
    ]);
  });

  it('are recorded for throttled attempts', async () => {
    const username = newName();
    const attempt = () => eventsFrom('POST', '/auth/token', { json: { username, password: 'wrong password' } });
    await attempt();
    await attempt();
    expect(await attempt()).toMatchObject([{ event: 'login', outcome: 'throttled', user_id: null }]);
  });

  it('are recorded for new and retired keys', async () => {
    const keys = service.app.get(SigningKeysService);
    await keys.rotate();
    const [newest] = await keys.listAll();
    await keys.retire(newest?.kid ?? '');
    const recorded = (await eventsOf('')).filter(({ event }) => event === 'key_rotation');
    expect(recorded.map(({ reason }) => reason)).toEqual(['made', 'made', 'retired']);
  });

  it('are kept for EVENT_DAYS', async () => {
    await eventsFrom('POST', '/auth/register', { json: { username: newName(), password: PASSWORD } });
    service.clock.advance(2 * DAY);
    const [recent] = await eventsFrom('POST', '/auth/register', { json: { username: newName(), password: PASSWORD } });
    service.clock.advance(2 * DAY);
    await service.app.get(JobsService).run();
    const rows = await service.dataSource.query<Row[]>("SELECT * FROM events WHERE event = 'signup'");
    expect(rows.map(({ id }) => id)).toEqual([recent?.id]);
  });

  it('hold nothing that a client typed except a plain request id, and forge no line of the log', async () => {
    const forged = 'x\n{"level":"warn","event":"login"}';
    const ids = ['a b', '{"a":1}', 'x'.repeat(129), 'a"b'];
    for (const id of ids) {
      const json = { username: forged, password: forged };
      await service.client.call('POST', '/auth/token', { json, headers: { 'x-request-id': id } });
    }
    await service.app.get(SecurityEventsService).write();
    const rows = await service.dataSource.query<Row[]>('SELECT * FROM events');
    const text = JSON.stringify([rows, service.log]);
    for (const typed of [...ids, forged]) expect(text).not.toContain(JSON.stringify(typed).slice(1, -1));
  });
});

describe('What a client can repeat at will', () => {
  const repeat = async (count: number, send: () => Promise<unknown>) => {
    for (let i = 0; i < count; i++) await send();
  };
  const rowsOf = async (from: Service, condition: string) => {
    await from.app.get(SecurityEventsService).write();
    const rows = await from.dataSource.query<Row[]>(`SELECT * FROM events WHERE ${condition} ORDER BY id`);
    const lines = from.log.filter(({ context }) => context === 'security').length;
    const [all] = await from.dataSource.query<{ n: unknown }[]>('SELECT COUNT(*) AS n FROM events');
    return { rows, lines, all: Number(all?.n) };
  };

  it('makes one event of many logouts with a dead pair', async () => {
    const { access, refresh } = await register(service.client);
    const { sid } = claimsOf(access);
    const json = { access_token: access, refresh_token: refresh };
    await repeat(20, () => service.client.delete('/user/login', json));
    const { rows } = await rowsOf(service, `session_id = '${sid}' AND event = 'logout'`);
    expect(rows).toHaveLength(1);
  });

  it('makes one event a minute of the refreshes of a session, at either contract', async () => {
    const ofA = await register(service.client);
    const ofB = await register(service.client);
    const refreshA = () => service.client.post('/auth/token/refresh', { refresh: ofA.refresh });
    const refreshB = () => service.client.post('/user/login/refresh', { refresh_token: ofB.refresh });
    const count = async ({ access }: { access: string }) =>
      (await rowsOf(service, `session_id = '${claimsOf(access).sid}' AND event = 'refresh'`)).rows.length;
    await repeat(10, () => Promise.all([refreshA(), refreshB()]));
    service.clock.advance(20);
    await repeat(10, () => Promise.all([refreshA(), refreshB()]));
    expect([await count(ofA), await count(ofB)]).toEqual([1, 1]);
    service.clock.advance(40);
    await repeat(10, refreshB);
    expect(await count(ofB)).toBe(2);
  });

  it('is bounded for each source: wrong passwords, and ends of all other sessions', async () => {
    const other = await startService({ env: { RATE_LIMIT: 'on', LOGIN_LIMIT: '1' } });
    try {
      const { username, access } = await register(other.client);
      await repeat(MOST_OF_SOURCE, () =>
        other.client.call('DELETE', '/account/sessions?scope=others', { bearer: access }),
      );
      await repeat(5, () => other.client.post('/auth/token', { username, password: 'wrong password' }));
      await register(other.client);
      const { rows, lines, all } = await rowsOf(other, "event = 'events_left_out'");
      expect(rows).toMatchObject([{ outcome: 'throttled', reason: '5', source: '127.0.0.0', user_id: null }]);
      // The others are the two sign-ups, the first key, and this event.
      expect([all, lines]).toEqual([MOST_OF_SOURCE + 4, MOST_OF_SOURCE + 4]);
    } finally {
      await other.stop();
    }
  });
});

describe('An event', () => {
  it('is in its table once write() has returned, even if it was recorded just before', async () => {
    const events = service.app.get(SecurityEventsService);
    const sessionId = randomUUID();
    events.record({ event: 'session_end', outcome: 'success', reason: 'owner', sessionId });
    await events.write();
    const rows = await service.dataSource.query<Row[]>('SELECT * FROM events WHERE session_id = ?', [sessionId]);
    expect(rows).toHaveLength(1);
  });
});

describe('EVENT_DAYS=0', () => {
  it('leaves events to the log', async () => {
    const other = await startService({ env: { EVENT_DAYS: '0' } });
    try {
      await register(other.client);
      await other.app.get(SecurityEventsService).write();
      expect(await other.dataSource.query('SELECT * FROM events')).toEqual([]);
      expect(other.log.filter((line) => line['context'] === 'security' && line['event'] === 'signup')).toHaveLength(1);
    } finally {
      await other.stop();
    }
  });
});
