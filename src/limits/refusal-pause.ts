import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';

/**
 * The pause is random within a range, so that clients refused at the same time do not all retry at
 * the same time.
 */
const SHORTEST_MS = 1_000;
const LONGEST_MS = 3_000;

/**
 * Delays a refusal: a 429, or the 503 of a login that would wait too long for its hash. A client
 * retries only after its answer, so hundreds of connections that only guess take a few hundredths
 * of a core. A person, who has to wait for a minute anyway, does not notice.
 */
@Injectable()
export class RefusalPause {
  /** @param disconnected ends the wait when the client disconnects */
  async wait(disconnected?: AbortSignal): Promise<void> {
    const ms = SHORTEST_MS + Math.random() * (LONGEST_MS - SHORTEST_MS);
    await sleep(ms, undefined, { ...(disconnected && { signal: disconnected }) }).catch(() => undefined);
  }
}
