import { Inject, Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { LessThan, LessThanOrEqual, type Repository } from 'typeorm';
import { Clock } from '../platform/clock/clock.js';
import { DAY_MS } from '../platform/clock/durations.js';
import { firstIdOf } from '../platform/clock/time-ordered-ids.js';
import { CONFIG, type Config } from '../platform/config/config.js';
import { retrying } from '../platform/database/retrying.js';
import { EventBus, type EventSubscriber, type PublishedEvent } from './event-bus.js';
import { EventRow } from './event-row.entity.js';
import { EventWriter } from './event-writer.js';

/** Rows that one statement removes. */
const TRIMMED = 5_000;

/** Keeps events for `EVENT_DAYS` in a table that operators can query. Keeps none if that is 0. */
@Injectable()
export class EventTable implements EventSubscriber {
  private readonly keptMs: number;

  constructor(
    bus: EventBus,
    @InjectRepository(EventRow) private readonly rows: Repository<EventRow>,
    private readonly writer: EventWriter,
    private readonly clock: Clock,
    @Inject(CONFIG) { EVENT_DAYS }: Config,
  ) {
    this.keptMs = EVENT_DAYS * DAY_MS;
    if (EVENT_DAYS > 0) bus.subscribe(this);
  }

  receive({ reason, userId, sessionId, ...event }: PublishedEvent): void {
    this.writer.keep({ ...event, reason: reason ?? null, userId: userId ?? null, sessionId: sessionId ?? null });
  }

  async flush(): Promise<void> {
    await this.writer.write();
  }

  /**
   * Removes some of the rows that are older than `EVENT_DAYS`, by their ids, which are in the order
   * of time.
   * @returns whether there may be more
   */
  async trim(): Promise<boolean> {
    const old = LessThan(firstIdOf(this.clock.now() - this.keptMs));
    const [last] = await this.rows.find({
      select: { id: true },
      where: { id: old },
      order: { id: 'ASC' },
      skip: TRIMMED - 1,
      take: 1,
    });
    await retrying(() => this.rows.delete({ id: last ? LessThanOrEqual(last.id) : old }));
    return last !== undefined;
  }
}
