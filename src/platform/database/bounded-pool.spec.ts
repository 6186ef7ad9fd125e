import { EventEmitter } from 'node:events';
import type { PoolConnection } from 'mysql2';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Callback } from './bounded-wait.js';
import { BoundedPool } from './bounded-pool.js';

const TIMEOUT_MS = 4_000;

/** A connection to a server that says nothing, unless the test answers a statement. */
class FakeConnection extends EventEmitter {
  readonly stream = { destroy: vi.fn() };
  readonly destroy = vi.fn();
  readonly release = vi.fn();
  readonly statements: Callback[] = [];
  execute(_sql: string, _values: unknown, done: Callback): void {
    this.statements.push(done);
  }
  query(_text: unknown, _values: unknown, done: Callback): void {
    this.statements.push(done);
  }
  ping(done: Callback): void {
    this.statements.push(done);
  }
}

/** A pool of mysql2 that lends one new connection after the other, or none. */
class FakePool extends EventEmitter {
  readonly connections: FakeConnection[] = [];
  isFull = false;
  readonly end = vi.fn((done: () => void) => {
    done();
  });
  getConnection(done: Callback): void {
    if (this.isFull) return;
    const connection = new FakeConnection();
    this.connections.push(connection);
    this.emit('connection', connection);
    done(null, connection);
  }
}

const mysql = vi.hoisted(() => ({ createPool: vi.fn(), createConnection: vi.fn() }));
vi.mock('mysql2', () => ({ default: mysql }));

describe('BoundedPool', () => {
  let pools: FakePool[];
  let probes: FakeConnection[];
  let pool: BoundedPool;
  beforeEach(() => {
    vi.useFakeTimers();
    pools = [];
    probes = [];
    mysql.createPool.mockImplementation(() => (pools.push(new FakePool()), pools.at(-1)));
    mysql.createConnection.mockImplementation(() => (probes.push(new FakeConnection()), probes.at(-1)));
    pool = new BoundedPool({ connectionLimit: 2 }, TIMEOUT_MS, () => undefined);
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  const codeOf = (result: Promise<unknown>) => result.catch((error: unknown) => (error as { code: string }).code);
  const isDropped = ({ destroy, stream }: FakeConnection) =>
    destroy.mock.calls.length + stream.destroy.mock.calls.length;

  it('answers a statement, and gives its connection back', async () => {
    const result = pool.execute('SELECT 1', []);
    const [connection] = pools[0]!.connections;
    connection!.statements[0]!(null, ['row']);
    expect(await result).toEqual(['row']);
    expect(connection!.release).toHaveBeenCalledOnce();
    expect(isDropped(connection!)).toBe(0);
  });

  it('drops the connection of a statement without an answer', async () => {
    const result = codeOf(pool.execute('SELECT 1', []));
    await vi.advanceTimersByTimeAsync(TIMEOUT_MS);
    expect(await result).toBe('ETIMEDOUT');
    expect(isDropped(pools[0]!.connections[0]!)).toBe(2);
  });

  it('bounds the wait for a connection', async () => {
    pools[0]!.isFull = true;
    const result = codeOf(pool.execute('SELECT 1', []));
    const lent = new Promise((resolve) => {
      pool.getConnection(resolve);
    });
    await vi.advanceTimersByTimeAsync(TIMEOUT_MS);
    expect([await result, (await lent) as object]).toEqual([
      'ETIMEDOUT',
      expect.objectContaining({ code: 'ETIMEDOUT' }),
    ]);
  });

  it('refuses statements while a silent server is asked in vain, and runs them once it answers', async () => {
    const first = codeOf(pool.execute('SELECT 1', []));
    await vi.advanceTimersByTimeAsync(TIMEOUT_MS);
    expect(await first).toBe('ETIMEDOUT');
    expect([pools.length, pools[0]!.end.mock.calls.length, probes.length]).toEqual([2, 1, 1]);
    const waiting = codeOf(pool.execute('SELECT 2', []));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await waiting).toBe('ETIMEDOUT');
    expect(await codeOf(pool.execute('SELECT 3', []))).toBe('ETIMEDOUT');
    expect(pools[1]!.connections).toEqual([]);
    // A refusal is an answer too.
    probes.at(-1)!.statements[0]!(Object.assign(new Error('no'), { code: 'ER_ACCESS_DENIED_ERROR' }));
    await vi.advanceTimersByTimeAsync(0);
    const served = pool.execute('SELECT 4', []);
    pools[1]!.connections[0]!.statements[0]!(null, 'rows');
    expect(await served).toBe('rows');
    expect(probes.every((probe) => isDropped(probe) > 0 || probe.statements.length === 1)).toBe(true);
  });

  it('drops a connection whose server refuses what another would take', async () => {
    const readOnly = Object.assign(new Error('read only'), { code: 'ER_OPTION_PREVENTS_STATEMENT', sqlState: 'HY000' });
    const result = codeOf(pool.execute('UPDATE a SET b = 1', []));
    const [connection] = pools[0]!.connections;
    connection!.statements[0]!(readOnly);
    expect(await result).toBe('ER_OPTION_PREVENTS_STATEMENT');
    expect(isDropped(connection!)).toBe(2);
  });

  it('bounds each query of a connection that it lends to TypeORM', async () => {
    const lent = await new Promise<PoolConnection>((resolve) => {
      pool.getConnection((_error, connection) => {
        resolve(connection!);
      });
    });
    const done = vi.fn();
    lent.query('SELECT 1', done);
    await vi.advanceTimersByTimeAsync(TIMEOUT_MS);
    expect(done).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ code: 'ETIMEDOUT' }));
  });

  it('bounds the wait for a lent connection and its first query together', async () => {
    const late: Callback[] = [];
    pools[0]!.getConnection = (done) => late.push(done);
    let lent: PoolConnection | undefined;
    pool.getConnection((_error, connection) => (lent = connection));
    await vi.advanceTimersByTimeAsync(3_000);
    const connection = new FakeConnection();
    pools[0]!.emit('connection', connection);
    late[0]!(null, connection);
    const [first, second] = [vi.fn(), vi.fn()];
    lent!.query('SELECT 1', first);
    lent!.query('SELECT 2', second);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(first).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ code: 'ETIMEDOUT' }));
    expect(second).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(3_000);
    expect(second).toHaveBeenCalledOnce();
  });

  it('gives a connection back that came too late', async () => {
    const late: Callback[] = [];
    pools[0]!.getConnection = (done) => late.push(done);
    const done = vi.fn();
    pool.getConnection(done);
    await vi.advanceTimersByTimeAsync(TIMEOUT_MS);
    const connection = new FakeConnection();
    late[0]!(null, connection);
    expect(done).toHaveBeenCalledOnce();
    expect(connection.release).toHaveBeenCalledOnce();
  });

  it('closes its siblings with itself, and drops the connections of a server that does not let go', async () => {
    const sibling = pool.sibling(1);
    void codeOf(sibling.execute('SELECT 1', []));
    pools[1]!.end.mockImplementation(() => undefined);
    const closed = new Promise((resolve) => {
      pool.end(resolve);
    });
    await vi.advanceTimersByTimeAsync(500);
    await closed;
    expect(pools.map(({ end }) => end.mock.calls.length)).toEqual([1, 1]);
    expect(isDropped(pools[1]!.connections[0]!)).toBe(2);
  });
});
