import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';

/** A range, so that clients that are refused together do not come again together. */
const SHORTEST_MS = 500;
const LONGEST_MS = 1_500;

/**
 * Keeps a client waiting for its 429. A client comes again only after its answer, so that hundreds of connections that do nothing
 * but try on take a few hundredths of a core, and a person who has to wait for a minute does not notice.
 */
@Injectable()
export class RefusalPause {
  /** @param hungUp ends the wait once the client is gone */
  async wait(hungUp?: AbortSignal): Promise<void> {
    const ms = SHORTEST_MS + Math.random() * (LONGEST_MS - SHORTEST_MS);
    await sleep(ms, undefined, { ...(hungUp && { signal: hungUp }) }).catch(() => undefined);
  }
}
