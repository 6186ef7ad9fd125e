import type { FastifyRequest } from 'fastify';

/** Between two looks whether it is over. */
const QUIET_MS = 10_000;
/** Looks from one line to the next, while it goes on. */
const LOOKS = 6;

/**
 * Logs that requests are refused for want of the store: a line when it begins, one a minute while it goes on, and one when nobody was
 * refused for ten seconds. An outage of hours under load would fill the disk with a line each, and hide what it is about.
 */
export class StoreOutages {
  private outage: Outage | undefined;

  /** To be told of each refusal, with its cause. */
  refused({ id, log }: FastifyRequest, cause: unknown): void {
    this.outage ??= this.begin(log, id, cause);
    this.outage.refused += 1;
    this.outage.latest += 1;
  }

  private begin(log: FastifyRequest['log'], reqId: string, err: unknown): Outage {
    log.warn({ event: 'store_unavailable', reqId, err }, 'the store is unavailable');
    const outage: Outage = { refused: 0, latest: 0, looks: 0 };
    const timer = setInterval(() => {
      const { refused, latest } = outage;
      outage.latest = 0;
      outage.looks += 1;
      if (latest === 0) {
        clearInterval(timer);
        this.outage = undefined;
        log.info({ event: 'store_available', refused }, 'nobody was refused for want of the store for 10 s');
      } else if (outage.looks % LOOKS === 0)
        log.warn({ event: 'store_unavailable', refused }, 'the store is still unavailable');
    }, QUIET_MS).unref();
    return outage;
  }
}

interface Outage {
  /** Requests since it began, and since the latest look. */
  refused: number;
  latest: number;
  looks: number;
}
