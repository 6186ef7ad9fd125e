import { Clock } from '../../../../src/platform/clock/clock.js';

/**
 * A clock that a test moves. It runs with the time of the machine, ahead of it by what the test has
 * added, until the test freezes it.
 */
export class TestClock extends Clock {
  private aheadMs = 0;
  private frozenAt: number | undefined;

  override now(): number {
    return this.frozenAt ?? this.running;
  }

  get isFrozen(): boolean {
    return this.frozenAt !== undefined;
  }

  /** Moves the time forward, by milliseconds. */
  advance(ms: number): void {
    this.set(this.now() + ms);
  }

  /** Sets the time, in milliseconds since 1970. */
  set(now: number): void {
    this.aheadMs += now - this.running;
    if (this.isFrozen) this.frozenAt = now;
  }

  /** Stops the time, or lets it run on from where it stopped. */
  freeze(isFrozen: boolean): void {
    const now = this.now();
    this.frozenAt = isFrozen ? now : undefined;
    this.aheadMs += now - this.running;
  }

  /** Returns to the time of the machine. */
  reset(): void {
    this.aheadMs = 0;
    this.frozenAt = undefined;
  }

  private get running(): number {
    return Date.now() + this.aheadMs;
  }
}
