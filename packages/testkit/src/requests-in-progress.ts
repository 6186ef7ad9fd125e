import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** How long a change waits for a client that stalls. */
const PATIENCE_MS = 5_000;

/** Keeps the requests of a tenant apart from its changes. */
export class RequestsInProgress {
  private readonly answers = new Set<ServerResponse>();
  private changing: Promise<unknown> | undefined;

  /** Waits for the change in progress, if there is one, and counts the request until it ends. */
  async admit(answer: ServerResponse): Promise<void> {
    while (this.changing) await this.changing;
    // The client may have disconnected while the request waited.
    if (answer.closed) return;
    this.answers.add(answer);
    answer.once('close', () => this.answers.delete(answer));
  }

  /** Waits for the requests in progress, and makes a change. Later requests wait for its end. */
  async pauseFor(change: () => Promise<void>): Promise<void> {
    while (this.changing) await this.changing;
    const changed = this.drain().then(change);
    this.changing = changed
      .catch(() => undefined)
      .finally(() => {
        this.changing = undefined;
      });
    await changed;
  }

  private async drain(): Promise<void> {
    const ended = Array.from(this.answers, (answer) => new Promise((resolve) => answer.once('close', resolve)));
    await Promise.race([Promise.all(ended), sleep(PATIENCE_MS, undefined, { ref: false })]);
  }
}
