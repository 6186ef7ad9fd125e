import { join } from 'node:path';
import Libsql from 'libsql';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { type Service, startService } from '../support/service.js';
import { embeddedStore, type Store } from '../support/store.js';
import { Ledger, type Work, WORK } from './ledger.js';

const TIMEOUT_MS = 5_000;
const WHOLE_MS = 5_000;
const WRITES: readonly Work[] = ['register', 'login', 'refresh', 'logout'];

// The faults of a database server are in database.e2e-spec.ts.
describe.skipIf(inject('mysqlUrl'))('The service with a faulty embedded store', () => {
  let store: Store;
  let service: Service;
  beforeEach(async () => {
    store = embeddedStore();
    service = await startService({ store });
  });
  afterEach(async () => {
    await service.stop();
    await store.dispose();
  });

  const pragma = async (text: string) => (await service.dataSource.query<object[]>(`PRAGMA ${text}`))[0];

  /**
   * Causes a fault under load and waits until the expected kinds of requests are refused and the
   * others are served. Then repairs the fault and checks everything that was acknowledged.
   */
  const expectSurvived = async (fault: () => unknown, repair: () => unknown, refused: readonly Work[]) => {
    const ledger = new Ledger(service.client);
    ledger.begin();
    await ledger.eachWas('served');
    await fault();
    await ledger.eachWas('refused', refused);
    await ledger.eachWas(
      'served',
      WORK.filter((work) => !refused.includes(work)),
    );
    expect((await service.client.get('/livez')).status).toBe(200);
    await repair();
    const repairedAt = performance.now();
    await ledger.eachWas('served');
    await ledger.end();
    expect(performance.now() - repairedAt).toBeLessThan(WHOLE_MS);
    await ledger.settle();
    expect(ledger.longest).toBeLessThan(TIMEOUT_MS);
    expect(service.log.filter(({ level }) => level === 'error')).toEqual([]);
  };

  it('serves reads while another process holds the write lock', async () => {
    const other = new Libsql(join(store.env['DATA_DIR']!, 'latchkey.sqlite'));
    await expectSurvived(
      () => other.exec('BEGIN IMMEDIATE'),
      () => other.exec('ROLLBACK'),
      WRITES,
    );
    other.close();
  });

  it('refuses new rows while the store is full', () =>
    // SQLite raises a limit below the present size to that size.
    expectSurvived(
      () => pragma('max_page_count = 1'),
      () => pragma('max_page_count = 1000000'),
      ['register', 'login'],
    ));

  it('serves reads while the store is read-only', () =>
    expectSurvived(
      () => pragma('query_only = ON'),
      () => pragma('query_only = OFF'),
      WRITES,
    ));

  it('configures the store to survive a loss of power', async () => {
    // 2 is FULL. With a write-ahead log, NORMAL survives only the death of the process.
    expect(await pragma('journal_mode')).toEqual({ journal_mode: 'wal' });
    expect(await pragma('synchronous')).toEqual({ synchronous: 2 });
  });
});
