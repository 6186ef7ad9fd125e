import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { newName, PASSWORD, signUp } from '../support/accounts.js';
import { type Service, startService, UNREACHED_LIMITS } from '../support/service.js';
import { FaultyDatabase } from './database.js';
import { Ledger, type Work, WORK } from './ledger.js';
import { StartupService } from '../../src/startup/startup.service.js';

const TIMEOUT = 2;
const POOL = 4;
/** What it may take beyond that on a slow machine. */
const ROOM_MS = 1_500;
/** From when the database is back. */
const WHOLE_MS = 5_000;

const WRITES: readonly Work[] = ['register', 'login', 'refresh', 'logout'];

// The embedded store has faults of its own, see embedded.e2e-spec.ts.
describe.runIf(inject('mysqlUrl'))('a database that', () => {
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

  /** Until every connection that the service may have serves, be it that one of them has yet to be found dead. */
  const whole = async () => {
    for (;;) {
      const all = Array.from({ length: 3 * POOL }, () => service.client.get('/readyz'));
      if ((await Promise.all(all)).every(({ status }) => status === 200)) return;
    }
  };

  /**
   * Puts a fault on a service under load, waits until requests of each kind are refused, takes it away, and asks for everything.
   * @param mend left out where it passes by itself
   * @param refused the kinds that cannot be served
   */
  const suffers = async ({ fault, mend, refused, ready = 200, during = () => undefined }: Fault) => {
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
      // Whoever can still verify should be asked to.
      if (ready !== 'either') expect((await service.client.get('/readyz')).status).toBe(ready);
    } finally {
      // Whatever was found wrong, the next fault is another one.
      if (mend) await mend();
    }
    const backAt = mend ? performance.now() : begunAt;
    await whole();
    await ledger.end();
    expect(performance.now() - backAt).toBeLessThan(WHOLE_MS);
    await ledger.settle();
    expect(ledger.longest).toBeLessThan(TIMEOUT * 1000 + ROOM_MS);
  };

  interface Fault {
    readonly fault: () => unknown;
    readonly mend?: () => unknown;
    readonly refused: readonly Work[];
    /** What `/readyz` says meanwhile. */
    readonly ready?: 200 | 503 | 'either';
    readonly during?: (ledger: Ledger) => unknown;
  }

  it('is down at the start is waited for', async () => {
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
    await whole();
  });

  it('is killed loses nothing', () =>
    suffers({
      fault: () => {
        database.kill();
      },
      mend: () => database.restart(),
      refused: WORK,
      ready: 503,
    }));

  it('has autocommit off loses nothing when it is killed', () =>
    suffers({
      fault: async () => {
        await database.run('SET GLOBAL autocommit = 0');
        await database.killConnections();
      },
      refused: [],
      // Starts with its own default again.
      mend: () => {
        database.kill();
        return database.restart();
      },
    }));

  it('is stopped but not dead is found out once, and then everybody is refused at once', () =>
    suffers({
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
      mend: () => {
        database.thaw();
      },
    }));

  it('is behind a network that swallows everything is found again by a new connection', () =>
    suffers({
      fault: () => {
        database.way.hang();
      },
      mend: () => {
        database.way.resume();
      },
      refused: WORK,
      ready: 503,
    }));

  it('has forgotten its connections without a word is asked over new ones', () =>
    suffers({
      fault: () => {
        database.way.stall();
      },
      refused: [],
    }));

  it('ends connections, time and again', () =>
    suffers({
      fault: async () => {
        for (let i = 0; i < 5; i++) {
          await database.killConnections();
          database.way.cut();
        }
      },
      refused: [],
    }));

  it('has no connection left', async () => {
    let giveBack: () => Promise<void>;
    await suffers({
      fault: async () => (giveBack = await database.exhaust()),
      mend: () => giveBack(),
      refused: WORK,
      ready: 503,
    });
  });

  it('has its tables locked', async () => {
    const admin = await database.admin();
    await suffers({
      fault: () => admin.query('LOCK TABLES users WRITE, sessions WRITE'),
      mend: () => admin.query('UNLOCK TABLES'),
      refused: WORK,
      // Every connection may be one that waits.
      ready: 'either',
    });
    await admin.end();
  });

  it('has its rows locked serves what only reads', async () => {
    const admin = await database.admin();
    await suffers({
      fault: async () => {
        await admin.beginTransaction();
        await admin.query('SELECT * FROM sessions FOR UPDATE');
      },
      mend: () => admin.rollback(),
      refused: WRITES,
    });
    await admin.end();
  });

  it('is read-only serves what only reads, and is left for its successor behind the same address', () =>
    suffers({
      fault: () => database.run('SET GLOBAL read_only = 1'),
      refused: WRITES,
      during: async (ledger) => {
        const connections = database.way.count;
        await ledger.eachWas('refused', WRITES);
        expect(database.way.count).toBeGreaterThan(connections);
      },
      mend: () => database.run('SET GLOBAL read_only = 0'),
    }));

  it('has a full disk refuses what is new', async ({ skip }) => {
    skip(!database.canBeFull, 'a disk to fill takes the right to mount one');
    await suffers({
      fault: () => {
        database.fill();
      },
      mend: () => {
        database.clear();
      },
      refused: ['register', 'login'],
    });
  });

  it('is silent is not waited for by more than there is room for', async () => {
    const narrow = await start({ DATABASE_POOL: '1' });
    await narrow.app.get(StartupService).finished;
    const { access, refresh } = await signUp(narrow.client);
    const tokens = { access_token: access, refresh_token: refresh };
    database.way.hang();
    const logouts = Array.from({ length: 300 }, async () => {
      const startedAt = performance.now();
      const { status } = await narrow.client.call('DELETE', '/user/login', { json: tokens });
      return { status, ms: performance.now() - startedAt };
    });
    const answers = await Promise.all(logouts);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([503]));
    const waited = answers.filter(({ ms }) => ms >= TIMEOUT * 1000);
    // One on the connection, and a hundred for it.
    expect(waited.length).toBeLessThanOrEqual(101);
    database.way.resume();
    await narrow.stop();
  });

  it('is silent keeps no login waiting for longer than two statements take', async () => {
    database.way.hang();
    const startedAt = performance.now();
    const logins = Array.from({ length: 300 }, () =>
      service.client.post('/auth/token', { username: newName(), password: PASSWORD }),
    );
    expect(new Set((await Promise.all(logins)).map(({ status }) => status))).toEqual(new Set([503]));
    expect(performance.now() - startedAt).toBeLessThan(2 * TIMEOUT * 1000 + ROOM_MS);
    database.way.resume();
    await whole();
  });

  it('was away for all that time has left few lines in the log, and no error', () => {
    const { log } = service;
    expect(log.filter(({ level }) => level === 'error')).toEqual([]);
    expect(log.filter(({ status }) => status === 503).length).toBeGreaterThan(100);
    const lines = log.filter(({ event, context }) => event === 'store_unavailable' || context === 'StartupService');
    expect(lines.length).toBeLessThan(10);
  });
});
