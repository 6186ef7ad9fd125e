import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';

/** A range, so that clients that are refused at the same time do not try again at the same time. */
const SHORTEST_MS = 1_000;
const LONGEST_MS = 3_000;

/**
 * Delays a refusal: a 429, or the 503 of a login that would wait too long for its hash. A client
 * tries again only after its answer, so hundreds of connections that do nothing but guess take a
 * few hundredths of a core. A person who has to wait for a minute does not notice.
 */
@Injectable()
export class RefusalPause {
  /** @param disconnected ends the wait once the client is gone */
  async wait(disconnected?: AbortSignal): Promise<void> {
    const ms = SHORTEST_MS + Math.random() * (LONGEST_MS - SHORTEST_MS);
    await sleep(ms, undefined, { ...(disconnected && { signal: disconnected }) }).catch(() => undefined);
  }
}
