import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { newName, PASSWORD, signUp } from '../support/accounts.js';
import { type Service, startService, UNREACHED_LIMITS } from '../support/service.js';
import { FaultyDatabase } from './database.js';
import { Ledger, type Work, WORK } from './ledger.js';
import { StartupService } from '../../src/startup/startup.service.js';

const TIMEOUT = 2;
const POOL = 4;
/** Extra time for an answer on a slow machine. */
const ROOM_MS = 1_500;
/** Time for a full recovery after the database is back. */
const WHOLE_MS = 5_000;

const WRITES: readonly Work[] = ['register', 'login', 'refresh', 'logout'];

// The faults of the embedded store are in embedded.e2e-spec.ts.
describe.runIf(inject('mysqlUrl'))('The service with a faulty database', () => {
  let database: FaultyDatabase;
  let service: Service;

  beforeAll(async () => {
    database = await FaultyDatabase.start();
  });
  afterAll(async () => {
    await service.stop();
    database.stop();
  });

  const start = (env: Record<string, string> = {}) =>
    startService({
      store: database.store,
      env: { ...UNREACHED_LIMITS, DATABASE_TIMEOUT: String(TIMEOUT), DATABASE_POOL: String(POOL), ...env },
      ready: false,
    });

  /** Waits until every pooled connection serves. Dead connections must be replaced before that. */
  const allConnectionsServe = async () => {
    for (;;) {
      const all = Array.from({ length: 3 * POOL }, () => service.client.get('/readyz'));
      if ((await Promise.all(all)).every(({ status }) => status === 200)) return;
    }
  };

  /**
   * Causes a fault under load and waits until the expected kinds of requests are refused and the
   * others are served. Then repairs the fault and checks everything that was acknowledged.
   */
  const expectSurvived = async ({ fault, repair, refused, ready = 200, during = () => undefined }: Fault) => {
    const ledger = new Ledger(service.client);
    ledger.begin();
    await ledger.eachWas('served');
    await fault();
    const begunAt = performance.now();
    try {
      await ledger.eachWas('refused', refused);
      await ledger.eachWas(
        'served',
        WORK.filter((work) => !refused.includes(work)),
      );
      await during(ledger);
      expect((await service.client.get('/livez')).status).toBe(200);
      // A replica that can still verify tokens should stay in the load balancer.
      if (ready !== 'either') expect((await service.client.get('/readyz')).status).toBe(ready);
    } finally {
      // The next test must start without this fault, even if this test fails.
      if (repair) await repair();
    }
    const backAt = repair ? performance.now() : begunAt;
    await allConnectionsServe();
    await ledger.end();
    expect(performance.now() - backAt).toBeLessThan(WHOLE_MS);
    await ledger.settle();
    expect(ledger.longest).toBeLessThan(TIMEOUT * 1000 + ROOM_MS);
  };

  interface Fault {
    readonly fault: () => unknown;
    /** Absent for a fault that passes by itself. */
    readonly repair?: () => unknown;
    /** The kinds of requests that cannot be served during the fault. */
    readonly refused: readonly Work[];
    /** What `/readyz` answers during the fault. */
    readonly ready?: 200 | 503 | 'either';
    readonly during?: (ledger: Ledger) => unknown;
  }

  it('waits for a database that is down at the start', async () => {
    database.kill();
    service = await start();
    expect((await service.client.get('/livez')).status).toBe(200);
    expect((await service.client.get('/readyz')).status).toBe(503);
    const login = await service.client.post('/auth/token', { username: 'someone', password: PASSWORD });
    expect([login.status, login.headers.get('retry-after')]).toEqual([503, '2']);
    await database.restart();
    const backAt = performance.now();
    await service.app.get(StartupService).finished;
    expect(performance.now() - backAt).toBeLessThan(WHOLE_MS);
    await allConnectionsServe();
  });

  it('loses nothing when the database is killed', () =>
    expectSurvived({
      fault: () => {
        database.kill();
      },
      repair: () => database.restart(),
      refused: WORK,
      ready: 503,
    }));

  it('loses nothing when a database with autocommit off is killed', () =>
    expectSurvived({
      fault: async () => {
        await database.run('SET GLOBAL autocommit = 0');
        await database.killConnections();
      },
      refused: [],
      // The database starts with its own default again.
      repair: () => {
        database.kill();
        return database.restart();
      },
    }));

  it('detects a frozen database once, and then refuses all clients at once', () =>
    expectSurvived({
      fault: () => {
        database.freeze();
      },
      refused: WORK,
      ready: 503,
      during: async (ledger) => {
        const from = ledger.answers.length;
        await ledger.eachWas('refused');
        for (const { ms } of ledger.since(from + ledger.clients)) expect(ms).toBeLessThan((TIMEOUT * 1000) / 2);
      },
      repair: () => {
        database.thaw();
      },
    }));

  it('reaches the database by new connections after the network has dropped all packets', () =>
    expectSurvived({
      fault: () => {
        database.proxy.hang();
      },
      repair: () => {
        database.proxy.resume();
      },
      refused: WORK,
      ready: 503,
    }));

  it('replaces connections that the database has silently forgotten', () =>
    expectSurvived({
      fault: () => {
        database.proxy.stall();
      },
      refused: [],
    }));

  it('loses nothing when the database repeatedly closes connections', () =>
    expectSurvived({
      fault: async () => {
        for (let i = 0; i < 5; i++) {
          await database.killConnections();
          database.proxy.cut();
        }
      },
      refused: [],
    }));

  it('loses nothing when the database has no connection left', async () => {
    let giveBack: () => Promise<void>;
    await expectSurvived({
      fault: async () => (giveBack = await database.exhaust()),
      repair: () => giveBack(),
      refused: WORK,
      ready: 503,
    });
  });

  it('loses nothing when the tables are locked', async () => {
    const admin = await database.admin();
    await expectSurvived({
      fault: () => admin.query('LOCK TABLES users WRITE, sessions WRITE'),
      repair: () => admin.query('UNLOCK TABLES'),
      refused: WORK,
      // The probe needs a free connection, and all of them may wait for the lock.
      ready: 'either',
    });
    await admin.end();
  });

  it('serves reads while the rows are locked', async () => {
    const admin = await database.admin();
    await expectSurvived({
      fault: async () => {
        await admin.beginTransaction();
        await admin.query('SELECT * FROM sessions FOR UPDATE');
      },
      repair: () => admin.rollback(),
      refused: WRITES,
    });
    await admin.end();
  });

  it('serves reads while the database is read-only, and reconnects to find its successor', () =>
    expectSurvived({
      fault: () => database.run('SET GLOBAL read_only = 1'),
      refused: WRITES,
      during: async (ledger) => {
        const connections = database.proxy.count;
        await ledger.eachWas('refused', WRITES);
        expect(database.proxy.count).toBeGreaterThan(connections);
      },
      repair: () => database.run('SET GLOBAL read_only = 0'),
    }));

  it('refuses new rows while the disk is full', async ({ skip }) => {
    skip(!database.canBeFull, 'filling a disk needs the right to mount one');
    let revived: Promise<boolean> | undefined;
    let readyStatus: number | undefined;
    await expectSurvived({
      fault: () => {
        database.fill();
        revived = database.reviveIfStalled();
      },
      repair: async () => {
        database.clear();
        await revived;
      },
      refused: ['register', 'login'],
      // Checked below, since only the repair tells whether the server itself has stalled.
      ready: 'either',
      during: async () => (readyStatus = (await service.client.get('/readyz')).status),
    });
    if (!(await revived)) expect(readyStatus).toBe(200);
  });

  it('limits how many requests wait for a silent database', async () => {
    const narrow = await start({ DATABASE_POOL: '1' });
    await narrow.app.get(StartupService).finished;
    const { access, refresh } = await signUp(narrow.client);
    const tokens = { access_token: access, refresh_token: refresh };
    database.proxy.hang();
    const logouts = Array.from({ length: 300 }, async () => {
      const startedAt = performance.now();
      const { status } = await narrow.client.call('DELETE', '/user/login', { json: tokens });
      return { status, ms: performance.now() - startedAt };
    });
    const answers = await Promise.all(logouts);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([503]));
    const waited = answers.filter(({ ms }) => ms >= TIMEOUT * 1000);
    // One request has the connection, and a hundred wait for it.
    expect(waited.length).toBeLessThanOrEqual(101);
    database.proxy.resume();
    await narrow.stop();
  });

  it('answers each login within the time limit of two statements while the database is silent', async () => {
    database.proxy.hang();
    const startedAt = performance.now();
    const logins = Array.from({ length: 300 }, () =>
      service.client.post('/auth/token', { username: newName(), password: PASSWORD }),
    );
    expect(new Set((await Promise.all(logins)).map(({ status }) => status))).toEqual(new Set([503]));
    expect(performance.now() - startedAt).toBeLessThan(2 * TIMEOUT * 1000 + ROOM_MS);
    database.proxy.resume();
    await allConnectionsServe();
  });

  it('logs few lines and no error about all these faults', () => {
    const { log } = service;
    expect(log.filter(({ level }) => level === 'error')).toEqual([]);
    expect(log.filter(({ status }) => status === 503).length).toBeGreaterThan(100);
    const lines = log.filter(({ event, context }) => event === 'store_unavailable' || context === 'StartupService');
    expect(lines.length).toBeLessThan(10);
  });
});
