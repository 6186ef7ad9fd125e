import type { FastifyRequest } from 'fastify';

/** How long no request may be refused before the outage counts as over. */
const QUIET_MS = 10_000;
/** Checks between two log lines of an outage. */
const CHECKS = 6;

/**
 * Logs that requests are refused because the store is unavailable: a line when it begins, one a
 * minute while it lasts, and one when no request was refused for ten seconds. A line for each
 * request would fill the disk during an outage of hours, and hide the cause.
 */
export class StoreOutages {
  private outage: Outage | undefined;

  /** Counts a refused request, and logs the cause of the first one. */
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
      } else if (outage.checks % CHECKS === 0)
        log.warn({ event: 'store_unavailable', refused }, 'the store is still unavailable');
    }, QUIET_MS).unref();
    return outage;
  }
}

interface Outage {
  /** Requests since the outage began. */
  refused: number;
  /** Requests since the latest check. */
  recent: number;
  checks: number;
}
