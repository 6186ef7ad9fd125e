import type { OpenAPIObject } from '@nestjs/swagger';
import type { Exchange, Exchanges } from '../exchanges.js';
import { ContractChecker } from './checker.js';
import { EarlyRetries } from './early-retries.js';
import type { Violation } from './violation.js';

/** How many violations are kept, and how many exchanges may wait for their check. */
const MOST = 1_000;

/** All tenants have the same routes. The first tenant that checks builds it for all. */
let checker: ContractChecker | undefined;

/**
 * Checks every exchange of a tenant. Exchanges wait until a test asks for violations, or until
 * there are many. Building the document takes some 50 ms, which a start does not have.
 */
export class ContractLog {
  private readonly retries = new EarlyRetries();
  private pending: { readonly exchange: Exchange; readonly retry: Violation | undefined }[] = [];
  private found: Violation[] = [];

  /** @param document returns the document of the service. Called by the first check at most */
  constructor(
    exchanges: Exchanges,
    private readonly document: () => OpenAPIObject,
  ) {
    exchanges.subscribe((exchange) => {
      // Checked at once, since a test may end the wait by clearing the limits.
      this.pending.push({ exchange, retry: this.retries.check(exchange) });
      if (this.pending.length >= MOST) this.checkPending();
    });
  }

  get checker(): ContractChecker {
    return (checker ??= new ContractChecker(this.document()));
  }

  /** Returns the latest 1,000 violations, the oldest first. */
  list(): readonly Violation[] {
    this.checkPending();
    return this.found;
  }

  /** Forgets all violations, also of exchanges that wait for their check. */
  clear(): void {
    this.pending = [];
    this.found = [];
  }

  /** Lets clients retry at once what they were asked to wait for. */
  endWaits(): void {
    this.retries.clear();
  }

  private checkPending(): void {
    const { pending } = this;
    this.pending = [];
    for (const { exchange, retry } of pending) {
      // A test may ask for an answer that the route does not document.
      if (exchange.fault === undefined) this.found.push(...this.checker.checkAnswer(exchange));
      this.found.push(...this.checker.checkRequest(exchange));
      if (retry) this.found.push(retry);
    }
    this.found = this.found.slice(-MOST);
  }
}
