import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '../platform/clock/clock.js';
import type { SessionState } from '../users/session.entity.js';
import { SessionsRepository } from '../users/sessions.repository.js';

const MINUTE_MS = 60_000;
/** Sessions of one statement. */
const BATCH = 200;

/**
 * When sessions were last used, at most once a minute each. Gathered and written together, so that no request waits for a
 * write that it does not need; what a crash loses is a minute of it.
 */
@Injectable()
export class LastUsesService {
  private readonly logger = new Logger(LastUsesService.name);
  private pending = new Map<string, number>();

  constructor(
    private readonly sessions: SessionsRepository,
    private readonly clock: Clock,
  ) {}

  note({ id, lastUsedAt }: SessionState): void {
    const now = this.clock.now();
    if (now - lastUsedAt < MINUTE_MS) return;
    this.pending.set(id, now);
    if (this.pending.size >= BATCH) void this.write();
  }

  /** Writes what was noted. That it cannot be written is no reason to refuse anybody anything. */
  async write(): Promise<void> {
    const noted = this.pending;
    if (noted.size === 0) return;
    this.pending = new Map();
    try {
      // In one order everywhere, so that replicas do not lock each other out.
      await this.sessions.touch([...noted.keys()].sort(), Math.max(...noted.values()));
    } catch (error) {
      this.logger.warn({ event: 'last_uses_not_written', sessions: noted.size, err: error });
    }
  }
}
