import { setImmediate as nextTurn } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { sourceOf } from '../limits/source.js';
import { Clock } from '../platform/clock/clock.js';
import { timeOrderedIds } from '../platform/clock/time-ordered-ids.js';
import type { SecurityEvent } from './catalogue.js';
import { EventBus } from './event-bus.js';
import { EventLimits } from './event-limits.js';
import type { Origin } from './origin.js';

/** How long the count of left-out events waits to be recorded. */
const LEFT_OUT_MS = 60_000;

/** Records what happened to accounts, sessions and keys. */
@Injectable()
export class SecurityEventsService {
  private readonly newId = timeOrderedIds();
  private readonly limits = new EventLimits();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly bus: EventBus,
    private readonly clock: Clock,
  ) {}

  /**
   * Records an event. Events that a client can repeat at will are bounded, see {@link EventLimits};
   * the number of those left out is recorded later.
   * @param origin left out for an event that no request caused
   */
  record(event: SecurityEvent, origin?: Origin): void {
    const at = this.clock.now();
    if (this.limits.admit(event, origin && sourceOf(origin.address), at)) this.publishAfterTurn(at, event, origin);
    else
      this.timer ??= setTimeout(() => {
        this.recordLeftOut();
      }, LEFT_OUT_MS).unref();
  }

  /** Waits until everything recorded so far is published and written. */
  async write(): Promise<void> {
    await nextTurn();
    this.recordLeftOut();
    await this.bus.flush();
  }

  /**
   * Publishes in the next turn of the event loop, so that the answer is sent before the log is
   * written.
   */
  private publishAfterTurn(at: number, event: SecurityEvent, origin?: Origin): void {
    setImmediate(() => {
      this.publish(at, event, origin);
    });
  }

  private recordLeftOut(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    for (const { source, count } of this.limits.takeLeftOut())
      this.publish(
        this.clock.now(),
        { event: 'events_left_out', outcome: 'throttled', reason: `${count}` },
        { address: source },
      );
  }

  private publish(at: number, event: SecurityEvent, origin: Partial<Origin> = {}): void {
    const { address: source = '', contract = '', requestId = '' } = origin;
    this.bus.publish({ ...event, id: this.newId(at), at, source, contract, requestId });
  }
}
