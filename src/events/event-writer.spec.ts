import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { StatementsService } from '../platform/database/statements.service.js';
import { EventWriter } from './event-writer.js';
import { EventRow } from './event-row.entity.js';

const COLUMNS = 10;
const unavailable = () => Object.assign(new Error('away'), { code: 'ECONNREFUSED' });
const tooLong = () => Object.assign(new Error('too long'), { code: 'ER_DATA_TOO_LONG', sqlState: '22001' });
const duplicate = () => Object.assign(new Error('there already'), { code: 'ER_DUP_ENTRY' });

function eventOf(id: number): EventRow {
  return Object.assign(new EventRow(), { id: String(id), at: 0, event: 'login', outcome: 'success' });
}

/** A table that may be away, and may carry out a statement without saying so. */
class Table {
  readonly ids: string[] = [];
  attempts = 0;
  isAway = false;
  isSilent = false;
  /** What it refuses for good. */
  bad: readonly string[] = [];
  /** Statements until it goes away. */
  patience = Infinity;

  write = (_: string, values: readonly unknown[]): Promise<number> => {
    this.attempts += 1;
    if (this.isAway || this.attempts > this.patience) return Promise.reject(unavailable());
    const ids = values.filter((_value, i) => i % COLUMNS === 0) as string[];
    if (ids.some((id) => this.bad.includes(id))) return Promise.reject(tooLong());
    if (ids.some((id) => this.ids.includes(id))) return Promise.reject(duplicate());
    this.ids.push(...ids);
    return this.isSilent ? Promise.reject(unavailable()) : Promise.resolve(ids.length);
  };
}

describe('EventWriter', () => {
  let table: Table;
  let writer: EventWriter;
  beforeEach(() => {
    vi.useFakeTimers();
    table = new Table();
    writer = new EventWriter(table as unknown as StatementsService);
  });
  afterEach(() => {
    vi.useRealTimers();
  });
  const keep = (from: number, to: number) => {
    for (let i = from; i < to; i++) writer.keep(eventOf(i));
  };
  const all = (count: number) => Array.from({ length: count }, (_, i) => String(i));

  it('writes events in order, within a second and in few statements', async () => {
    keep(0, 100);
    await vi.advanceTimersByTimeAsync(1_000);
    expect([table.ids, table.attempts]).toEqual([all(100), 3]);
  });

  it('loses no event when the answer to a statement is lost', async () => {
    keep(0, 16);
    table.isSilent = true;
    await writer.write();
    table.isSilent = false;
    keep(16, 36);
    await writer.write();
    expect(table.ids).toEqual(all(36));
  });

  it('tries an unavailable table once a second, even for many events', async () => {
    table.isAway = true;
    for (let i = 0; i < 20; i++) {
      keep(i * 100, (i + 1) * 100);
      await vi.advanceTimersByTimeAsync(100);
    }
    expect(table.attempts).toBeLessThanOrEqual(4);
    table.isAway = false;
    await vi.advanceTimersByTimeAsync(1_000);
    expect(table.ids).toEqual(all(2_000));
  });

  it('loses only the row that the table refuses, and no other row of its statement', async () => {
    table.bad = ['5'];
    keep(0, 16);
    await writer.write();
    expect(table.ids).toEqual(all(16).filter((id) => id !== '5'));
  });

  it.each([0, 1, 5, 6, 12, 16])('loses no other row when the table fails after %i more statements', async (more) => {
    table.bad = ['5'];
    table.patience = 1 + more;
    keep(0, 16);
    await writer.write();
    table.patience = Infinity;
    await writer.write();
    expect(table.ids).toEqual(all(16).filter((id) => id !== '5'));
  });

  it('keeps a bounded number of events while the table is unavailable', async () => {
    table.isAway = true;
    keep(0, 12_000);
    table.isAway = false;
    await vi.advanceTimersByTimeAsync(2_000);
    expect(table.ids).toEqual(all(10_000));
  });
});
