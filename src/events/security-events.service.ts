import { Inject, Injectable, Logger } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { LessThan, LessThanOrEqual, type Repository } from 'typeorm';
import { v7 as uuid } from 'uuid';
import { Clock } from '../clock/clock.js';
import { CONFIG, type Config } from '../config/config.js';
import { EntityColumns } from '../database/entity-columns.js';
import { StatementsService } from '../database/statements.service.js';
import { isUniqueViolation } from '../database/store-errors.js';
import type { Origin } from './origin.js';
import { type EventName, type Outcome, SecurityEvent } from './security-event.entity.js';

/** What is told of an event; the rest is known from where it happened. */
export interface EventDetails {
  readonly event: EventName;
  readonly outcome: Outcome;
  readonly reason?: string;
  readonly userId?: string;
  readonly sessionId?: string;
}

const DAY_MS = 86_400_000;
/** For how long events are gathered to be written together. A crash loses as much of the table; the log has had them. */
const GATHERED_FOR_MS = 1_000;
/** Events of one statement, at most; a power of two, see `write`. */
const ROWS = 64;
/** Events that wait for a database that is away. */
const WAITING = 10_000;
/** Events that are trimmed by one statement. */
const TRIMMED = 2_000;

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

/** Tells of what happened to accounts, sessions and keys: to the log at once, and to a table that operators can query. */
@Injectable()
export class SecurityEventsService {
  private readonly security = new Logger('security');
  private readonly logger = new Logger(SecurityEventsService.name);
  private waiting: SecurityEvent[] = [];
  private isFailing = false;
  private lost = 0;
  /** In their ids, for the order of those of one millisecond. */
  private count = 0;
  private timer: NodeJS.Timeout | undefined;
  private writing: Promise<void> = Promise.resolve();

  constructor(
    @InjectRepository(SecurityEvent) private readonly events: Repository<SecurityEvent>,
    private readonly statements: StatementsService,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** @param origin left out for what no request asked for */
  record({ event, outcome, reason, userId, sessionId }: EventDetails, origin?: Origin): void {
    const at = this.clock.now();
    const { address = '', contract = '', requestId = '' } = origin ?? {};
    const msg = `${event} ${outcome}`;
    const line = {
      msg,
      event,
      outcome,
      reason,
      user: userId,
      session: sessionId,
      source: address,
      contract,
      reqId: requestId,
    };
    if (outcome === 'success') this.security.log(line);
    else this.security.warn(line);
    if (this.config.EVENT_DAYS === 0) return;
    this.keep({
      ...{ id: uuid({ msecs: at, seq: this.count++ }), at, event, outcome, source: address, contract, requestId },
      ...{ reason: reason ?? null, userId: userId ?? null, sessionId: sessionId ?? null },
    });
  }

  /** Writes what was gathered. That it cannot be written is no reason to refuse anybody anything. */
  write(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    return (this.writing = this.writing.then(() => this.writeAll()));
  }

  /** Removes some of the events that are older than `EVENT_DAYS`, by their ids, which are in order of time. @returns whether there may be more */
  async trim(): Promise<boolean> {
    const cutoff = this.clock.now() - this.config.EVENT_DAYS * DAY_MS;
    const old = LessThan(uuid({ msecs: cutoff, random: new Uint8Array(16), seq: 0 }));
    const [last] = await this.events.find({
      select: { id: true },
      where: { id: old },
      order: { id: 'ASC' },
      skip: TRIMMED - 1,
      take: 1,
    });
    await this.events.delete({ id: last ? LessThanOrEqual(last.id) : old });
    return last !== undefined;
  }

  private keep(event: SecurityEvent): void {
    if (this.waiting.length >= WAITING) {
      this.lost += 1;
      return;
    }
    this.waiting.push(event);
    if (this.waiting.length >= ROWS * 8) void this.write();
    else this.timer ??= setTimeout(() => void this.write(), GATHERED_FOR_MS).unref();
  }

  private async writeAll(): Promise<void> {
    while (this.waiting.length > 0) {
      // A few sizes, so that there are a few statements to prepare.
      const rows = this.waiting.slice(0, 2 ** Math.floor(Math.log2(Math.min(ROWS, this.waiting.length))));
      try {
        await this.insert(rows);
      } catch (error) {
        // Once, since the database may be away for hours.
        if (!this.isFailing) this.logger.warn({ event: 'events_not_written', err: error });
        this.isFailing = true;
        this.timer ??= setTimeout(() => void this.write(), GATHERED_FOR_MS).unref();
        return;
      }
      this.waiting = this.waiting.slice(rows.length);
    }
    if (this.isFailing) this.logger.warn({ event: 'events_written_again', lost: this.lost });
    this.isFailing = false;
    this.lost = 0;
  }

  private async insert(rows: readonly SecurityEvent[]): Promise<void> {
    const more = `, ${COLUMNS.places}`.repeat(rows.length - 1);
    const sql = `INSERT INTO events ${COLUMNS.insertion}${more}`;
    try {
      await this.statements.write(
        sql,
        rows.flatMap((row) => COLUMNS.valuesOf(row)),
      );
    } catch (error) {
      // A statement whose answer was lost was carried out.
      if (!isUniqueViolation(error)) throw error;
    }
  }
}
