import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '../platform/clock/clock.js';
import { MINUTE_MS } from '../platform/clock/durations.js';
import type { SessionState } from '../users/session.entity.js';
import { SessionsRepository } from '../users/sessions.repository.js';

/** Sessions of one statement. */
const BATCH = 200;

/**
 * Notes when sessions were last used, at most once a minute for each session. Writes the notes in
 * batches, so that no request waits for the write. A crash loses up to a minute of them.
 */
@Injectable()
export class LastUsesService {
  private readonly logger = new Logger(LastUsesService.name);
  private pending = new Map<string, number>();

  constructor(
    private readonly sessionRows: SessionsRepository,
    private readonly clock: Clock,
  ) {}

  /** Notes that a session is used now. Begins to write once a batch is full. */
  note({ id, lastUsedAt }: SessionState): void {
    const now = this.clock.now();
    if (now - lastUsedAt < MINUTE_MS) return;
    this.pending.set(id, now);
    if (this.pending.size >= BATCH) void this.write();
  }

  /** Writes the notes. A failure is logged, and fails no request. */
  async write(): Promise<void> {
    const noted = this.pending;
    if (noted.size === 0) return;
    this.pending = new Map();
    try {
      // Every replica writes in the same order, so that two of them do not deadlock.
      await this.sessionRows.touch([...noted.keys()].sort(), Math.max(...noted.values()));
    } catch (error) {
      this.logger.warn({ event: 'last_uses_not_written', sessions: noted.size, err: error });
    }
  }
}
