import { Injectable, Logger } from '@nestjs/common';
import { EntityColumns } from '../platform/database/entity-columns.js';
import { bySize } from '../platform/database/padded.js';
import { StatementsService } from '../platform/database/statements.service.js';
import { isConflict, isStoreUnavailable, isUniqueViolation } from '../platform/database/store-errors.js';
import { EventRow } from './event-row.entity.js';

/** How long rows wait to be written together. A crash loses as much. */
const DELAY_MS = 1_000;
/** How many rows one statement writes; a power of two, see `sizeOf`. */
const BATCH = 64;
/** How many rows are written without waiting any longer. */
const ENOUGH = 512;
/** How many rows wait for an unavailable database. Further rows are lost. */
const MOST = 10_000;

const COLUMNS = new EntityColumns(EventRow, [
  'id',
  'at',
  'event',
  'outcome',
  'reason',
  'userId',
  'sessionId',
  'source',
  'contract',
  'requestId',
]);

const insertion = bySize(
  (count) => `INSERT INTO events ${COLUMNS.insertion}${`, ${COLUMNS.places}`.repeat(count - 1)}`,
);

/** Writes events to their table in batches, so that no request waits for it. */
@Injectable()
export class EventWriter {
  private readonly logger = new Logger(EventWriter.name);
  private readonly waiting: EventRow[] = [];
  /**
   * How many of the first rows a failed statement had. The same statement is repeated, since it may
   * have been applied.
   */
  private failed = 0;
  private lost = 0;
  private timer: NodeJS.Timeout | undefined;
  private writing: Promise<void> | undefined;

  constructor(private readonly statements: StatementsService) {}

  /** Takes a row, to be written within a second. Rows beyond {@link MOST} are counted and lost. */
  keep(row: EventRow): void {
    if (this.waiting.length >= MOST) {
      if (this.lost === 0) this.logger.warn({ event: 'events_lost', waiting: MOST });
      this.lost += 1;
      return;
    }
    this.waiting.push(row);
    if (this.waiting.length >= ENOUGH && this.failed === 0) void this.write();
    else this.timer ??= setTimeout(() => void this.write(), DELAY_MS).unref();
  }

  /** Writes the waiting rows. Never rejects: a failed write is retried. */
  write(): Promise<void> {
    return (this.writing ??= this.writeAll().finally(() => (this.writing = undefined)));
  }

  private async writeAll(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    while (this.waiting.length > 0) {
      const count = this.failed || sizeOf(this.waiting.length);
      try {
        await this.insert(this.waiting.slice(0, count));
      } catch (error) {
        // Logged once, since the database may be unavailable for hours.
        if (this.failed === 0) this.logger.warn({ event: 'events_not_written', err: error });
        this.failed = count;
        this.timer ??= setTimeout(() => void this.write(), DELAY_MS).unref();
        return;
      }
      this.failed = 0;
      this.waiting.splice(0, count);
    }
    if (this.lost > 0) this.logger.warn({ event: 'events_lost', lost: this.lost });
    this.lost = 0;
  }

  /**
   * Writes rows by one statement. Where the store refuses it, writes them one by one, so that only
   * a bad row is lost.
   * @throws when the same rows may be retried
   */
  private async insert(rows: readonly EventRow[]): Promise<void> {
    const error = await this.insertionError(rows);
    if (error === undefined) return;
    if (rows.length > 1) {
      for (const row of rows) await this.insert([row]);
      return;
    }
    // A statement whose answer was lost has written this row before.
    if (!isUniqueViolation(error)) this.logger.error({ event: 'event_refused', refused: rows[0]?.event, err: error });
  }

  /**
   * Writes rows by one statement.
   * @returns the error of a store that refuses the rows; undefined when they are written
   * @throws when the same rows may be retried
   */
  private async insertionError(rows: readonly EventRow[]): Promise<unknown> {
    const values = rows.flatMap((row) => COLUMNS.valuesOf(row));
    try {
      await this.statements.write(insertion(rows.length), values);
      return undefined;
    } catch (error) {
      if (isStoreUnavailable(error) || isConflict(error)) throw error;
      return error;
    }
  }
}

/**
 * Returns the greatest power of two up to a number, so that a few prepared statements suffice for
 * any number of rows.
 */
function sizeOf(count: number): number {
  return 2 ** Math.floor(Math.log2(Math.min(BATCH, count)));
}
