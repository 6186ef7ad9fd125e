import { setTimeout as sleep } from 'node:timers/promises';

/** A mail that the service would have sent. */
export interface Mail {
  readonly to: string;
  /** What it is for, for example `reset`. */
  readonly kind: string;
  readonly subject: string;
  readonly text: string;
  /** The code or the link in it, if it has one. */
  readonly code?: string;
  readonly link?: string;
  /** An ISO time, by the clock of the tenant. */
  readonly sent_at: string;
}

/** Which mails a test asks for. */
export interface MailFilter {
  readonly to?: string;
  readonly kind?: string;
}

/**
 * The mails of a tenant. The service sends none yet; the feature that does will call {@link add} in
 * place of its transport.
 */
export class Outbox {
  private mails: Mail[] = [];
  private readonly waiting = new Set<() => void>();

  add(mail: Mail): void {
    this.mails.push(mail);
    this.wake();
  }

  list({ to, kind }: MailFilter = {}): Mail[] {
    return this.mails.filter((mail) => (to ?? mail.to) === mail.to && (kind ?? mail.kind) === mail.kind);
  }

  /** Removes every mail, and ends every wait for one. */
  clear(): void {
    this.mails = [];
    this.wake();
  }

  /**
   * Takes the oldest mail that matches. Waits for it, in real time.
   * @returns undefined if there is none in time
   */
  async takeNext(filter: MailFilter, timeoutMs: number): Promise<Mail | undefined> {
    const end = AbortSignal.timeout(timeoutMs);
    for (;;) {
      const [mail] = this.list(filter);
      if (mail) this.mails = this.mails.filter((other) => other !== mail);
      if (mail || end.aborted) return mail;
      await Promise.race([
        new Promise<void>((resolve) => this.waiting.add(resolve)),
        sleep(timeoutMs, undefined, { signal: end, ref: false }).catch(() => undefined),
      ]);
    }
  }

  private wake(): void {
    for (const resume of this.waiting) resume();
    this.waiting.clear();
  }
}
