import { setImmediate as nextTurn } from 'node:timers/promises';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { LessThan, LessThanOrEqual, type Repository } from 'typeorm';
import { Clock } from '../platform/clock/clock.js';
import { firstIdOf, timeOrderedIds } from '../platform/clock/time-ordered-ids.js';
import { CONFIG, type Config } from '../platform/config/config.js';
import { retrying } from '../platform/database/retrying.js';
import { sourceOf } from '../limits/source.js';
import { EventLimits } from './event-limits.js';
import { EventWriter } from './event-writer.js';
import type { Origin } from './origin.js';
import { type EventName, type Outcome, SecurityEvent } from './security-event.entity.js';

/** What is told of an event; the rest is known from where it happened. */
export interface EventDetails {
  readonly event: EventName;
  readonly outcome: Outcome;
  readonly reason?: string | undefined;
  readonly userId?: string | undefined;
  readonly sessionId?: string | undefined;
}

const DAY_MS = 86_400_000;
/** How long the number of events that were left out waits to be recorded, in milliseconds. */
const LEFT_OUT_MS = 60_000;
/** Events that are trimmed by one statement. */
const TRIMMED = 5_000;

/** Tells of what happened to accounts, sessions and keys: to the log, and to a table that operators can query. */
@Injectable()
export class SecurityEventsService {
  private readonly logger = new Logger('security');
  private readonly newId = timeOrderedIds();
  private readonly limits = new EventLimits();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    @InjectRepository(SecurityEvent) private readonly events: Repository<SecurityEvent>,
    private readonly writer: EventWriter,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /**
   * Logs and stores an event after this turn, so that the answer does not wait. Events that a client can repeat at will are bounded,
   * see {@link EventLimits}; the number of those left out is recorded later.
   * @param origin left out for what no request asked for
   */
  record(details: EventDetails, origin?: Origin): void {
    const at = this.clock.now();
    if (!this.limits.admit(details, origin && sourceOf(origin.address), at)) {
      this.timer ??= setTimeout(() => {
        this.recordLeftOut();
      }, LEFT_OUT_MS).unref();
      return;
    }
    setImmediate(() => {
      this.tell(at, details, origin);
    });
  }

  private recordLeftOut(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    for (const { source, count } of this.limits.takeLeftOut())
      this.tell(
        this.clock.now(),
        { event: 'events_left_out', outcome: 'throttled', reason: String(count) },
        { address: source },
      );
  }

  /** Must not throw: nobody is there any more who could be told. */
  private tell(
    at: number,
    { event, outcome, reason, userId, sessionId }: EventDetails,
    origin?: Partial<Origin>,
  ): void {
    const { address: source = '', contract = '', requestId = '' } = origin ?? {};
    const line = { event, outcome, reason, user: userId, session: sessionId, source, contract, reqId: requestId };
    const msg = `${event} ${outcome}`;
    if (outcome === 'success') this.logger.log({ msg, ...line });
    else this.logger.warn({ msg, ...line });
    if (this.config.EVENT_DAYS === 0) return;
    this.writer.keep({
      ...{ id: this.newId(at), at, event, outcome, source, contract, requestId },
      ...{ reason: reason ?? null, userId: userId ?? null, sessionId: sessionId ?? null },
    });
  }

  /** See {@link EventWriter.write}. */
  async write(): Promise<void> {
    // Whatever was recorded is told of by then.
    await nextTurn();
    this.recordLeftOut();
    await this.writer.write();
  }

  /** Removes some of the events that are older than `EVENT_DAYS`, by their ids, which are in order of time. @returns whether there may be more */
  async trim(): Promise<boolean> {
    const cutoff = this.clock.now() - this.config.EVENT_DAYS * DAY_MS;
    const old = LessThan(firstIdOf(cutoff));
    const [last] = await this.events.find({
      select: { id: true },
      where: { id: old },
      order: { id: 'ASC' },
      skip: TRIMMED - 1,
      take: 1,
    });
    await retrying(() => this.events.delete({ id: last ? LessThanOrEqual(last.id) : old }));
    return last !== undefined;
  }
}
