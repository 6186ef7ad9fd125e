import { Injectable, Logger } from '@nestjs/common';
import { EventBus, type EventSubscriber, type PublishedEvent } from './event-bus.js';

/** Writes one line for each event to the log. */
@Injectable()
export class EventLog implements EventSubscriber {
  private readonly logger = new Logger('security');

  constructor(bus: EventBus) {
    bus.subscribe(this);
  }

  receive({ event, outcome, reason, userId, sessionId, source, contract, requestId }: PublishedEvent): void {
    const line = {
      msg: `${event} ${outcome}`,
      ...{ event, outcome, reason, user: userId, session: sessionId, source, contract, reqId: requestId },
    };
    if (outcome === 'success') this.logger.log(line);
    else this.logger.warn(line);
  }
}
