import type { FastifyRequest } from 'fastify';

/** The time between two checks. A check that finds no refused request ends the outage. */
const CHECK_MS = 10_000;
/** How many checks there are for each log line of an outage. */
const CHECKS_PER_LINE = 6;

/**
 * Logs an outage of the store: a line when it begins, a line a minute while it lasts, and a line
 * once no request was refused for ten seconds. A line for each request would fill the disk during
 * an outage of hours, and hide the cause.
 */
export class StoreOutages {
  private outage: Outage | undefined;

  /** Counts a refused request. Logs the cause of the first request of an outage. */
  record({ id, log }: FastifyRequest, cause: unknown): void {
    this.outage ??= this.begin(log, id, cause);
    this.outage.refused += 1;
    this.outage.recent += 1;
  }

  private begin(log: FastifyRequest['log'], reqId: string, err: unknown): Outage {
    log.warn({ event: 'store_unavailable', reqId, err }, 'the store is unavailable');
    const outage: Outage = { refused: 0, recent: 0, checks: 0 };
    const timer = setInterval(() => {
      const { refused, recent } = outage;
      outage.recent = 0;
      outage.checks += 1;
      if (recent === 0) {
        clearInterval(timer);
        this.outage = undefined;
        log.info({ event: 'store_available', refused }, 'the store was available for 10 s');
      } else if (outage.checks % CHECKS_PER_LINE === 0)
        log.warn({ event: 'store_unavailable', refused }, 'the store is still unavailable');
    }, CHECK_MS).unref();
    return outage;
  }
}

interface Outage {
  /** Requests refused since the outage began. */
  refused: number;
  /** Requests refused since the latest check. */
  recent: number;
  checks: number;
}
