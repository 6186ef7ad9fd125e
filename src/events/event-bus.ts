import { Injectable, Logger } from '@nestjs/common';
import type { SecurityEvent } from './catalogue.js';

/** An event, with its time and its origin. */
export type PublishedEvent = SecurityEvent & {
  /** UUID version 7. */
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  /**
   * The client's address. Like `contract` and `requestId`, empty for an event that no request
   * caused.
   */
  readonly source: string;
  readonly contract: string;
  readonly requestId: string;
};

/** Takes every event, for instance to log it. */
export interface EventSubscriber {
  /** Takes an event. Must return at once; slow work is queued. */
  receive(event: PublishedEvent): void;
  /** Finishes the work on all events received so far. */
  flush?(): Promise<void>;
}

/** Hands events to their subscribers. A subscriber calls `subscribe(this)` in its constructor. */
@Injectable()
export class EventBus {
  private readonly logger = new Logger(EventBus.name);
  private readonly subscribers: EventSubscriber[] = [];

  subscribe(subscriber: EventSubscriber): void {
    this.subscribers.push(subscriber);
  }

  /**
   * Hands an event to all subscribers, even if one of them fails. Never throws, because the event
   * has already happened.
   */
  publish(event: PublishedEvent): void {
    for (const subscriber of this.subscribers) {
      try {
        subscriber.receive(event);
      } catch (error) {
        this.logger.error({ event: 'event_subscriber_failed', subscriber: subscriber.constructor.name, err: error });
      }
    }
  }

  /** Waits until each subscriber has finished its work on all events published so far. */
  async flush(): Promise<void> {
    await Promise.all(this.subscribers.map(async (subscriber) => subscriber.flush?.()));
  }
}
