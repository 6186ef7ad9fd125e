import { Injectable } from '@nestjs/common';
import { JobsService } from '../jobs/jobs.service.js';
import { EventTable } from './event-table.js';
import { SecurityEventsService } from './security-events.service.js';

/** Removes old events, and writes the last ones when the service stops. */
@Injectable()
export class EventsJobs {
  constructor(jobs: JobsService, events: SecurityEventsService, table: EventTable) {
    jobs.register({ name: 'events.trim', replicas: 'one', run: () => table.trim() });
    jobs.beforeShutdown(() => events.write());
  }
}
