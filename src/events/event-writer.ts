import { Injectable, Logger } from '@nestjs/common';
import { EntityColumns } from '../platform/database/entity-columns.js';
import { bySize } from '../platform/database/padded.js';
import { StatementsService } from '../platform/database/statements.service.js';
import { isConflict, isStoreUnavailable, isUniqueViolation } from '../platform/database/store-errors.js';
import { SecurityEvent } from './security-event.entity.js';

/** For how long events are gathered to be written together. A crash loses as much of the table, and a tenth of it of the log. */
const GATHERED_FOR_MS = 1_000;
/** Events of one statement, at most; a power of two, see `sizeOf`. */
const ROWS = 64;
/** Events that are not gathered any longer, and that wait for a database that is away, at most. */
const ENOUGH = 512;
const WAITING = 10_000;

const COLUMNS = new EntityColumns(SecurityEvent, [
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

/** Writes events to their table, many at a time, so that no request waits for it. */
@Injectable()
export class EventWriter {
  private readonly logger = new Logger(EventWriter.name);
  private readonly waiting: SecurityEvent[] = [];
  /** How many of the first are one statement that failed: to be repeated as it was, for it may have been carried out. */
  private failed = 0;
  private lost = 0;
  private timer: NodeJS.Timeout | undefined;
  private writing: Promise<void> | undefined;

  constructor(private readonly statements: StatementsService) {}

  keep(event: SecurityEvent): void {
    if (this.waiting.length >= WAITING) {
      if (this.lost === 0) this.logger.warn({ event: 'events_lost', waiting: WAITING });
      this.lost += 1;
      return;
    }
    this.waiting.push(event);
    if (this.waiting.length >= ENOUGH && this.failed === 0) void this.write();
    else this.timer ??= setTimeout(() => void this.write(), GATHERED_FOR_MS).unref();
  }

  /** Writes what was kept. That it cannot be written is no reason to refuse anybody anything. */
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
        // Once, since the database may be away for hours.
        if (this.failed === 0) this.logger.warn({ event: 'events_not_written', err: error });
        this.failed = count;
        this.timer ??= setTimeout(() => void this.write(), GATHERED_FOR_MS).unref();
        return;
      }
      this.failed = 0;
      this.waiting.splice(0, count);
    }
    if (this.lost > 0) this.logger.warn({ event: 'events_lost', lost: this.lost });
    this.lost = 0;
  }

  /**
   * Writes rows by one statement, or one by one where that is refused, so that a bad row takes no other with it.
   * @throws when the same rows may be tried again
   */
  private async insert(rows: readonly SecurityEvent[]): Promise<void> {
    const error = await this.refusalOf(rows);
    if (error === undefined) return;
    if (rows.length > 1) {
      for (const row of rows) await this.insert([row]);
      return;
    }
    // A statement whose answer was lost was carried out.
    if (!isUniqueViolation(error)) this.logger.error({ event: 'event_refused', refused: rows[0]?.event, err: error });
  }

  /** @throws when the same rows may be tried again */
  private async refusalOf(rows: readonly SecurityEvent[]): Promise<unknown> {
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

/** The greatest power of two up to this: a few statements to prepare instead of one for each number. */
function sizeOf(count: number): number {
  return 2 ** Math.floor(Math.log2(Math.min(ROWS, count)));
}
