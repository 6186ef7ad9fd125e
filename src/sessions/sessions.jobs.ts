import { Injectable } from '@nestjs/common';
import { SecurityEventsService } from '../events/security-events.service.js';
import { JobsService } from '../jobs/jobs.service.js';
import { SessionsRepository } from '../users/sessions.repository.js';
import { LastUsesService } from './last-uses.service.js';
import { SessionLimitService } from './session-limit.service.js';

/** Sessions that one statement removes. */
const PURGED = 200;

/** Writes when sessions were used, limits their number, and removes those that have ended. */
@Injectable()
export class SessionsJobs {
  constructor(
    jobs: JobsService,
    lastUses: LastUsesService,
    private readonly sessionLimit: SessionLimitService,
    private readonly events: SecurityEventsService,
    sessions: SessionsRepository,
  ) {
    const purge = async () => (await sessions.purge(PURGED)) === PURGED;
    jobs.register({ name: 'sessions.write_last_uses', replicas: 'all', run: () => lastUses.write() });
    jobs.register({ name: 'sessions.limit', replicas: 'all', run: () => this.limitSessions() });
    jobs.register({ name: 'sessions.purge', replicas: 'one', run: purge });
    jobs.beforeShutdown(() => lastUses.write());
  }

  /** Ends the surplus sessions of the accounts that have logged in at this replica. */
  private async limitSessions(): Promise<void> {
    for (const userId of await this.sessionLimit.enforce())
      this.events.record({ event: 'session_end', outcome: 'success', reason: 'limit', userId });
  }
}
