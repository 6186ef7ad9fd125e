import { join } from 'node:path';
import Libsql from 'libsql';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { type Service, startService } from '../support/service.js';
import { embeddedStore, type Store } from '../support/store.js';
import { Ledger, type Work, WORK } from './ledger.js';

const TIMEOUT_MS = 5_000;
const WHOLE_MS = 5_000;
const WRITES: readonly Work[] = ['register', 'login', 'refresh', 'logout'];

describe.skipIf(inject('mysqlUrl'))('an embedded store that', () => {
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

  /** Puts a fault on a service under load, until requests of these kinds are refused and all others are served, and takes it away. */
  const suffers = async (fault: () => unknown, mend: () => unknown, refused: readonly Work[]) => {
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
    await mend();
    const mendedAt = performance.now();
    await ledger.eachWas('served');
    await ledger.end();
    expect(performance.now() - mendedAt).toBeLessThan(WHOLE_MS);
    await ledger.settle();
    expect(ledger.longest).toBeLessThan(TIMEOUT_MS);
    expect(service.log.filter(({ level }) => level === 'error')).toEqual([]);
  };

  it('another process writes to serves what only reads', async () => {
    const other = new Libsql(join(store.env['DATA_DIR']!, 'latchkey.sqlite'));
    await suffers(
      () => other.exec('BEGIN IMMEDIATE'),
      () => other.exec('ROLLBACK'),
      WRITES,
    );
    other.close();
  });

  it('has no room left refuses what is new', () =>
    // Below what there is, it means that.
    suffers(
      () => pragma('max_page_count = 1'),
      () => pragma('max_page_count = 1000000'),
      ['register', 'login'],
    ));

  it('is read-only serves what only reads', () =>
    suffers(
      () => pragma('query_only = ON'),
      () => pragma('query_only = OFF'),
      WRITES,
    ));

  it('is asked to keep what it acknowledges through a loss of power', async () => {
    // FULL: with a write-ahead log, NORMAL would do for the death of a process alone.
    expect(await pragma('journal_mode')).toEqual({ journal_mode: 'wal' });
    expect(await pragma('synchronous')).toEqual({ synchronous: 2 });
  });
});
