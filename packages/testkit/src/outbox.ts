import type { Message } from './client/latchkey.js';
import type { TestClock } from './providers/test-clock.js';

export interface MessageQuery {
  readonly to?: string;
  readonly kind?: string;
  /** Seconds of real time. */
  readonly timeout: number;
  /** Ends the wait early. */
  readonly signal?: AbortSignal;
}

interface Waiting {
  readonly query: MessageQuery;
  readonly take: (message: Message | undefined) => void;
}

/**
 * Keeps the messages of a tenant. Nothing fills it yet: the service sends no mail. A provider that
 * takes the place of the sender of mail will call {@link add}.
 */
export class Outbox {
  private kept: Message[] = [];
  /** Messages that {@link next} has returned. */
  private readonly taken = new WeakSet<Message>();
  private readonly waiting = new Set<Waiting>();

  constructor(private readonly clock: TestClock) {}

  /** All messages, the oldest first. */
  get list(): readonly Message[] {
    return this.kept;
  }

  add(content: Omit<Message, 'sent_at'>): void {
    const message = { ...content, sent_at: new Date(this.clock.now()).toISOString() };
    this.kept.push(message);
    for (const { query, take } of this.waiting) {
      if (!matches(query, message)) continue;
      take(message);
      return;
    }
  }

  /** Removes all messages, and ends all waits without a message. */
  clear(): void {
    this.kept = [];
    for (const { take } of this.waiting) take(undefined);
  }

  /**
   * Returns the oldest matching message that no call has returned before, so that a message that
   * was sent before the call is not missed. Waits for one if there is none.
   * @returns undefined at the timeout
   */
  next(query: MessageQuery): Promise<Message | undefined> {
    const message = this.kept.find((kept) => !this.taken.has(kept) && matches(query, kept));
    if (message) {
      this.taken.add(message);
      return Promise.resolve(message);
    }
    return new Promise((resolve) => {
      const stop = () => {
        waiting.take(undefined);
      };
      const timer = setTimeout(stop, query.timeout * 1000);
      const waiting: Waiting = {
        query,
        take: (found) => {
          clearTimeout(timer);
          query.signal?.removeEventListener('abort', stop);
          this.waiting.delete(waiting);
          if (found) this.taken.add(found);
          resolve(found);
        },
      };
      this.waiting.add(waiting);
      query.signal?.addEventListener('abort', stop);
    });
  }
}

function matches({ to, kind }: MessageQuery, message: Message): boolean {
  return (
    (to === undefined || to.toLowerCase() === message.to.toLowerCase()) && (kind === undefined || kind === message.kind)
  );
}
