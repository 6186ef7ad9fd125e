import { pathOf, withoutTrailingSlash } from '../../../../src/platform/http/request/paths.js';
import type { Exchange } from '../exchanges.js';
import { withoutCredentials } from './credentials.js';
import type { Violation } from './violation.js';

/** An answer that asks the client to wait. */
interface Refusal {
  /** The place of the exchange in the order of their ends. */
  readonly number: number;
  readonly status: number;
  /** Milliseconds since 1970, by the clock of the tenant. */
  readonly until: number;
}

/** A client counts from a moment before the answer has ended, and its timers may fire early. */
const GRACE_MS = 100;

/** Members of a body that tell who asks, the first one given. */
const IDENTITIES = ['username', 'refresh', 'refresh_token', 'token'];

/**
 * Finds requests that come again before their `Retry-After` is over. Only requests that tell who
 * asks count: several clients may send any other request, and health checks poll.
 */
export class EarlyRetries {
  private readonly refusals = new Map<string, Refusal>();

  /** Returns the violation of an exchange, if it has one. Takes exchanges in the order of ends. */
  check(exchange: Exchange): Violation | undefined {
    const { method, url, status, at, number, headers } = exchange;
    const key = keyOf(exchange);
    if (key === undefined) return undefined;
    const refusal = this.refusals.get(key);
    const seconds = Number(headers['retry-after']);
    if ((status === 429 || status === 503) && seconds > 0)
      this.refusals.set(key, { number, status, until: at + seconds * 1000 });
    else if (refusal && refusal.until <= at) this.refusals.delete(key);
    // The client may have sent the request before it had the refusal.
    if (!refusal || exchange.endedBefore < refusal.number || exchange.startedAt + GRACE_MS >= refusal.until)
      return undefined;
    const left = Math.ceil((refusal.until - exchange.startedAt) / 1000);
    const message = `the request comes ${left} s before the Retry-After of the last answer (${refusal.status}) is over`;
    return { side: 'request', kind: 'early_retry', message, method, url: withoutCredentials(url), status };
  }

  /** Forgets what clients were asked to wait for. */
  clear(): void {
    this.refusals.clear();
  }
}

/** Returns the same text for a request and its retry; undefined if it does not tell who asks. */
function keyOf({ method, url, requestBody, requestHeaders }: Exchange): string | undefined {
  const body = (requestBody ?? {}) as Record<string, unknown>;
  const [name] = IDENTITIES.filter((member) => typeof body[member] === 'string');
  const identity = name === undefined ? requestHeaders['authorization'] : String(body[name]).trim().toLowerCase();
  if (identity === undefined) return undefined;
  return JSON.stringify([method, withoutTrailingSlash(pathOf(url)), identity]);
}
